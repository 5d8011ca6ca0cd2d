using System.Globalization;

namespace Godwit.VmState.Tests;

/// <summary>Descriptions of every shape, by seed.</summary>
/// <param name="seed">Gives the same description each time.</param>
/// <param name="isReadable">
/// Keeps to what the JSON description can tell: elements of one run have one size.
/// </param>
/// <param name="hasAutoAlloc">Auto-allocated arrays belong to 11.1.</param>
internal sealed class RandomDescriptions(int seed, bool isReadable = false, bool hasAutoAlloc = true)
{
    private const int MaxFields = 6;
    private const int MaxElements = 5;

    private readonly Random _random = new(seed);
    private int _slots;
    private int _arraysAbove;

    /// <summary>A description with up to three levels below it.</summary>
    public VmStateDescription<Bag> Make(string name, int depth = 3)
    {
        var fields = new List<VmStateField<Bag>>();
        for (int count = _random.Next(1, MaxFields); count > 0; count--)
            AddField(fields, depth);
        var subsections = new List<VmStateDescription<Bag>>();
        for (int count = depth > 0 ? _random.Next(3) : 0; count > 0; count--)
            subsections.Add(MakeSubsection(name, depth));
        return new VmStateDescription<Bag>(name, (uint)_random.Next(5)) { Fields = fields, Subsections = subsections };
    }

    private VmStateDescription<Bag> MakeSubsection(string parent, int depth)
    {
        int decider = _slots++;
        VmStateDescription<Bag> body = Make(parent + "/" + Number(_slots++), depth - 1);
        return new VmStateDescription<Bag>(body.Name, body.Version)
        {
            Needed = bag => (bag.Number(decider) & 1) != 0,
            Fields = body.Fields,
            Subsections = body.Subsections,
        };
    }

    private void AddField(List<VmStateField<Bag>> fields, int depth)
    {
        int slot = _slots++;
        string name = "f" + Number(_random.Next(4) == 0 ? 0 : slot);
        int count = _random.Next(MaxElements);
        bool isUniform = isReadable && _arraysAbove > 0;
        switch (_random.Next(depth > 0 ? 19 : 11))
        {
            case 0:
                fields.Add(Field.UInt64<Bag>(name, bag => ref bag.Number(slot)));
                break;
            case 1:
                fields.Add(Field.UInt32<Bag>(name, bag => ref bag.Word(slot)));
                break;
            case 2:
                fields.Add(Field.Timer<Bag>(name, bag => ref bag.Expiry(slot)));
                break;
            case 3:
                fields.Add(Field.Buffer<Bag>(name, bag => bag.Bytes(slot, count)));
                break;
            case 4:
                fields.Add(Field.UInt8Array<Bag>(name, bag => bag.Bytes(slot, count)));
                break;
            case 5:
                fields.Add(Field.UInt16Array<Bag>(name, bag => bag.Halves(slot, count), when: (_, _) => true));
                break;
            case 6:
                fields.Add(Field.Unused<Bag>(count));
                break;
            case 7 when !isUniform:
                int length = _slots++;
                fields.Add(Field.UInt8<Bag>("n" + name, bag => ref bag.Byte(length, MaxElements)));
                fields.Add(Field.UInt16VarArray<Bag>(name, bag => bag.Halves(slot, MaxElements), bag => bag.Byte(length, MaxElements), MaxElements));
                break;
            case 8 when !isUniform:
                int size = _slots++;
                fields.Add(Field.UInt8<Bag>("n" + name, bag => ref bag.Byte(size, MaxElements)));
                fields.Add(Field.VBuffer<Bag>(name, bag => bag.Bytes(slot, MaxElements), bag => bag.Byte(size, MaxElements), MaxElements));
                break;
            case 9:
                int gate = _slots++;
                fields.Add(Field.UInt8<Bag>("g" + name, bag => ref bag.Byte(gate, 1)));
                fields.Add(Field.UInt64<Bag>(name, bag => ref bag.Number(slot), since: 99, when: (bag, _) => bag.Byte(gate, 1) != 0));
                break;
            case 10:
                fields.Add(Field.Int8<Bag>(name, bag => (sbyte)bag.Byte(slot, 127), (bag, value) => bag.Byte(slot, 127) = (byte)value));
                break;
            case > 10:
                fields.Add(MakeNested(name, slot, count, depth));
                break;
            default:
                break;
        }
    }

    private VmStateField<Bag> MakeNested(string name, int slot, int count, int depth)
    {
        int pattern = _random.Next(1 << MaxElements);
        int kind = _random.Next(8);
        bool isUniform = isReadable && _arraysAbove > 0;
        if ((kind is 4 or 5 or 7 && isUniform) || (kind == 7 && !hasAutoAlloc))
            kind = 0;
        bool isArray = kind is 2 or 6 or 7;
        _arraysAbove += isArray ? 1 : 0;
        VmStateDescription<Bag> child = Child(depth);
        _arraysAbove -= isArray ? 1 : 0;
        string pointers = "p" + Number(slot);
        return kind switch
        {
            0 => Field.Struct<Bag, Bag>(name, bag => bag.Children(slot, 1)[0], child),
            1 => Field.VStruct<Bag, Bag>(name, bag => bag.Children(slot, 1)[0], child, child.Version),
            2 => Field.StructArray<Bag, Bag>(name, bag => bag.Children(slot, count), child),
            3 => Field.Tmp<Bag, Bag>(name, bag => bag.Children(slot, 1)[0], child, since: child.Version),
            4 => Field.QTailq<Bag, Bag>(name, bag => bag.Queue(slot), _ => new Bag(null), child, since: child.Version),
            5 => Field.GTree<Bag, Bag>(name, bag => bag.Tree(slot), _ => new Bag(null), child, since: child.Version),
            6 => Field.ArrayOfPointers<Bag, Bag>(pointers, bag => bag.Pointers(slot, count, pattern), child),
            _ => Field.AutoAllocArray<Bag, Bag>(pointers, bag => bag.Sparse(slot, count), child, (_, _) => new Bag(null)),
        };
    }

    /// <summary>Containers load with the version of their field; with version 0 below, the parent's gate stays open.</summary>
    private VmStateDescription<Bag> Child(int depth)
    {
        VmStateDescription<Bag> made = Make("c" + Number(_slots++), depth - 1);
        return new VmStateDescription<Bag>(made.Name, 0) { Fields = made.Fields, Subsections = made.Subsections };
    }

    /// <summary>Of one width, so that no subsection's name begins with a sibling's.</summary>
    private static string Number(int value) => value.ToString("d4", CultureInfo.InvariantCulture);
}
