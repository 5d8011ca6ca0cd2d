namespace Godwit.Memory;

/// <summary>Who wants to know about dirty pages; each has a bitmap of its own.</summary>
public enum DirtyClient
{
    /// <summary>Displays, to redraw what changed.</summary>
    Vga = 0,

    /// <summary>The engine that executes guest code, to drop what it derived from it.</summary>
    Code = 1,

    /// <summary>Migration and everything else that copies memory while the guest runs.</summary>
    Migration = 2,
}
