using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>A data channel that writes into a mapped-ram file: no packets, each page to its place (docs/formats/mapped-ram.md, "Multifd").</summary>
internal sealed class MultiFdFileChannel(MultiFdSender owner, Channel channel, int id, bool detectZeroPages, MappedRamFile file)
    : MultiFdSendChannel(owner, channel, id)
{
    private readonly MultiFdSender _owner = owner;

    protected override void SendPages(PageBatch batch)
    {
        RamBlock block = batch.Block!;
        int normal = 0;
        int zero = 0;
        for (int i = 0; i < batch.Count; i += batch.RunLength(i))
        {
            var first = new PageIndex(batch.Pages[i]);
            var scan = new PageScan(block, first.ToRamOffset(), batch.RunLength(i), detectZeroPages);
            while (scan.Next(out int from, out int count, out bool isZero))
            {
                var page = new PageIndex(first.Value + (ulong)from);
                if (isZero)
                {
                    file.ForgetPages(block, page, count);
                    zero += count;
                }
                else
                {
                    file.WritePages(Channel, block, page, count);
                    normal += count;
                }
            }
        }

        _owner.NoteSent((long)normal * TargetPage.SizeBytes, normal, zero);
    }

    protected override void SendSync()
    {
        // Whoever asked has waited for this channel already; nobody reads a mark.
    }
}
