namespace Godwit.Accel.RiscV;

/// <summary>One page of guest code and the records made from it, as one hart sees it.</summary>
/// <remarks>
/// The records are outside the heap: 2048 slots and two sentinels that no advance passes. They stay allocated while the hart may execute
/// in them; invalidation zeroes them in place.
/// </remarks>
internal sealed unsafe class DecodedPage
{
    internal DecodedPage(ulong* records) => Records = records;

    /// <summary>Gets the records.</summary>
    internal ulong* Records { get; }

    /// <summary>Gets or sets the memory slot of the page; <see langword="null"/> when the page has been taken out of use.</summary>
    internal SoftwareSlot? Slot { get; set; }

    /// <summary>Gets or sets which page of the slot it is.</summary>
    internal ulong PageInSlot { get; set; }

    /// <summary>Gets or sets a value indicating whether the slot knows that the page holds code, so that stores to it are caught.</summary>
    internal bool IsWatched { get; set; }

    /// <summary>Gets the host address of the page.</summary>
    internal nint HostAddress => Slot!.HostAddress + (nint)(PageInSlot << Hart.PageBits);

    /// <summary>Makes all records undecoded.</summary>
    internal void Clear()
    {
        // Word by word, because the hart may be reading them.
        for (int i = 0; i < InstructionDecoder.SlotsPerPage; i++)
            Volatile.Write(ref Records[i], 0);
    }

    /// <summary>Says whether an instruction that covers any of these bytes has been decoded.</summary>
    internal bool HasRecords(int firstByte, int lastByte)
    {
        // An instruction of four bytes may begin one parcel before the range.
        for (int i = Math.Max(0, (firstByte >> 1) - 1); i <= lastByte >> 1; i++)
        {
            if (Volatile.Read(ref Records[i]) != 0)
                return true;
        }

        return false;
    }
}
