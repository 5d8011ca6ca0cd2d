using System.Security.Cryptography;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>The entropy device: fills what the driver offers with random bytes. Section <c>virtio-rng</c>, without a part of its own.</summary>
public sealed class VirtioRng : VirtioDevice
{
    private const int LargestFillBytes = 4096;

    internal VirtioRng(GuestDma dma)
        : base("virtio-rng", deviceId: 4, sectionVersion: 1, VirtioConstants.FeatureAnyLayout, configBytes: 0, dma, [8])
    {
    }

    internal override void SaveOwn(MigrationWriter writer, PeerProfile peer)
    {
    }

    internal override void LoadOwn(MigrationReader reader)
    {
    }

    private protected override void FillConfig(Span<byte> config)
    {
    }

    private protected override void HandleQueue(Virtqueue queue)
    {
        Span<byte> bytes = stackalloc byte[LargestFillBytes];
        while (Pop(queue) is { } request)
        {
            Span<byte> part = bytes[..(int)Math.Min(request.InBytes, LargestFillBytes)];
            RandomNumberGenerator.Fill(part);
            Push(queue, request, request.TryWrite(Dma, 0, part) ? (uint)part.Length : 0);
        }
    }
}
