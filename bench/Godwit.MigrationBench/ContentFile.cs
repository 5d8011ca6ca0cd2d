using System.Text;

namespace Godwit.MigrationBench;

/// <summary>A file on the memory file system that is mapped as the RAM of the machines that send it; deleted on dispose.</summary>
internal sealed class ContentFile : IDisposable
{
    private const string Folder = "/dev/shm";
    private const string Prefix = "godwit-bench-";
    private const int PieceBytes = 4 << 20;
    private const int PageBytes = 4096;

    private ContentFile(string path, long bytes)
    {
        Path = path;
        LengthBytes = bytes;
    }

    public string Path { get; }

    public long LengthBytes { get; }

    public static ContentFile Create(MemoryContent content, long bytes)
    {
        RemoveLeftOvers();
        string path = System.IO.Path.Combine(Folder, $"{Prefix}{Environment.ProcessId}-{content}".ToLowerInvariant());
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var random = new Random(20250);
        byte[] piece = new byte[PieceBytes];
        for (long done = 0; done < bytes; done += piece.Length)
        {
            Fill(piece, content, random);
            file.Write(piece, 0, (int)Math.Min(piece.Length, bytes - done));
        }

        return new ContentFile(path, bytes);
    }

    public void Dispose() => File.Delete(Path);

    /// <summary>A run that was ended from outside leaves gigabytes of memory taken, which slows whoever needs new pages.</summary>
    private static void RemoveLeftOvers()
    {
        foreach (string path in Directory.EnumerateFiles(Folder, Prefix + "*"))
        {
            string owner = System.IO.Path.GetFileName(path)[Prefix.Length..].Split('-')[0];
            if (!Directory.Exists($"/proc/{owner}"))
                File.Delete(path);
        }
    }

    private static void Fill(byte[] piece, MemoryContent content, Random random)
    {
        switch (content)
        {
            case MemoryContent.Zero:
                break;
            case MemoryContent.Text:
                FillWithText(piece, random);
                break;
            default:
                random.NextBytes(piece);
                for (int at = 0; content == MemoryContent.Half && at < piece.Length; at += PageBytes)
                    piece.AsSpan(at + (PageBytes / 2), PageBytes / 2).Clear();
                break;
        }
    }

    private static void FillWithText(byte[] piece, Random random)
    {
        string[] words = "a guest moves its memory over the wire while it runs and no page is lost or stale on the way to another host 0x80000000 42".Split(' ');
        byte[][] bytes = [.. words.Select(word => Encoding.ASCII.GetBytes(word + " "))];
        for (int at = 0; at < piece.Length;)
        {
            byte[] word = bytes[random.Next(bytes.Length)];
            int count = Math.Min(word.Length, piece.Length - at);
            word.AsSpan(0, count).CopyTo(piece.AsSpan(at));
            at += count;
        }
    }
}
