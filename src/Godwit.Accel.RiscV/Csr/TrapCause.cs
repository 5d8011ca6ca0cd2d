namespace Godwit.Accel.RiscV;

/// <summary>Synchronous exception causes, as in <c>mcause</c>.</summary>
internal static class TrapCause
{
    internal const uint FetchMisaligned = 0;
    internal const uint FetchAccess = 1;
    internal const uint IllegalInstruction = 2;
    internal const uint Breakpoint = 3;
    internal const uint LoadMisaligned = 4;
    internal const uint LoadAccess = 5;
    internal const uint StoreMisaligned = 6;
    internal const uint StoreAccess = 7;
    internal const uint EcallFromUser = 8;
    internal const uint EcallFromSupervisor = 9;
    internal const uint EcallFromMachine = 11;
    internal const uint FetchPage = 12;
    internal const uint LoadPage = 13;
    internal const uint StorePage = 15;

    /// <summary>Not a cause: no trap is pending.</summary>
    internal const uint None = uint.MaxValue;
}
