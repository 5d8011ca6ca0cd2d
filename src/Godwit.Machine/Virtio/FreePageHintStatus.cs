namespace Godwit.Machine;

/// <summary>How far a request for free pages has come. The numbers are those of the balloon's section.</summary>
internal enum FreePageHintStatus : uint
{
    /// <summary>No hint is taken.</summary>
    Stop = 0,

    /// <summary>The guest has been asked and has not begun.</summary>
    Requested = 1,

    /// <summary>Hints are taken.</summary>
    Start = 2,

    /// <summary>The guest may have its pages back.</summary>
    Done = 3,
}
