using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>A number of elements or bytes that comes from the object, and so perhaps from the stream.</summary>
internal readonly record struct ElementCount<T>(string Field, Func<T, long>? Count, int Maximum)
    where T : class
{
    /// <summary>The count, refused when it is above the declared maximum.</summary>
    public int Get(T owner, int fixedCount, MigrationReader? reader)
    {
        if (Count is null)
            return fixedCount;
        long count = Count(owner);
        return count >= 0 && count <= Maximum ? (int)count : throw OutOfRange(count, Maximum, reader);
    }

    /// <summary>Refuses a count above what the object holds.</summary>
    public int CheckCapacity(int count, int capacity, MigrationReader? reader) =>
        count <= capacity ? count : throw OutOfRange(count, capacity, reader);

    private Exception OutOfRange(long count, long maximum, MigrationReader? reader) => reader is null
        ? new VmStateException(VmStateErrors.Text($"count of '{Field}' out of range"), VmStateErrors.Text($"0..{maximum}"), VmStateErrors.Text($"{count}"))
        : VmStateErrors.BadCount(reader, Field, count, maximum);
}
