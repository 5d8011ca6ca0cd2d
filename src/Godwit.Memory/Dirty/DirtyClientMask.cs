namespace Godwit.Memory;

/// <summary>A set of dirty clients: bit n stands for client n.</summary>
[Flags]
public enum DirtyClientMask
{
    /// <summary>Nobody.</summary>
    None = 0,

    /// <summary><see cref="DirtyClient.Vga"/>.</summary>
    Vga = 1 << DirtyClient.Vga,

    /// <summary><see cref="DirtyClient.Code"/>.</summary>
    Code = 1 << DirtyClient.Code,

    /// <summary><see cref="DirtyClient.Migration"/>.</summary>
    Migration = 1 << DirtyClient.Migration,

    /// <summary>All three.</summary>
    All = Vga | Code | Migration,
}
