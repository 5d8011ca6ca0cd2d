namespace Godwit.Fuzz;

/// <summary>One thread of a run: takes every n-th input.</summary>
internal sealed class FuzzWorker
{
    /// <summary>The longest that one input may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What one input may allocate: a constant, and some for each of its bytes.</summary>
    private const long AllowedBytes = 4 << 20;
    private const long AllowedBytesPerByte = 1024;

    // Descriptions nest, and so do JSON values: as deep as on a thread of the pool.
    private const int StackBytes = 1536 * 1024;

    private readonly string _targetName;
    private readonly FuzzOptions _options;
    private readonly int _job;
    private readonly Action<long, byte[], string, string> _report;
    private readonly Thread _thread;
    private long _inputs;
    private long _accepted;
    private long _failures;
    private long _index = -1;
    private long _watchedIndex = -1;
    private long _watchedSince;

    public FuzzWorker(string targetName, FuzzOptions options, int job, Action<long, byte[], string, string> report)
    {
        _targetName = targetName;
        _options = options;
        _job = job;
        _report = report;
        _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"fuzz {targetName} {job}" };
    }

    public long Inputs => Volatile.Read(ref _inputs);

    public long Accepted => Volatile.Read(ref _accepted);

    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Makes one input of a run again.</summary>
    public static byte[] MakeInput(string targetName, FuzzOptions options, long index)
    {
        using FuzzTarget target = FuzzTargets.Create(targetName)!;
        var random = new FuzzRandom(options.Seed);
        InputMutator mutator = MakeMutator(target, options.Seed);
        random.Restart(options.Seed, index);
        return mutator.Make(random).ToArray();
    }

    public void Start() => _thread.Start();

    public bool Join(TimeSpan timeout) => _thread.Join(timeout);

    /// <summary>Whether the same input has been in work for too long.</summary>
    public bool IsHanging(out long index)
    {
        index = Volatile.Read(ref _index);
        if (index == _watchedIndex && index >= 0)
            return Environment.TickCount64 - _watchedSince > Patience.TotalMilliseconds;
        _watchedIndex = index;
        _watchedSince = Environment.TickCount64;
        return false;
    }

    private static InputMutator MakeMutator(FuzzTarget target, ulong seed)
    {
        var random = new FuzzRandom(seed);
        return new InputMutator([.. Enumerable.Range(0, target.CorpusSize).Select(_ => target.MakeSeed(random))], target.MaxInputBytes);
    }

    private void Run()
    {
        using FuzzTarget target = FuzzTargets.Create(_targetName)!;
        InputMutator mutator = MakeMutator(target, _options.Seed);
        var random = new FuzzRandom(_options.Seed);
        for (long i = _job; i < _options.Inputs; i += _options.Jobs)
        {
            long index = _options.First + i;
            random.Restart(_options.Seed, index);
            ReadOnlySpan<byte> input = mutator.Make(random);
            Volatile.Write(ref _index, index);
            RunOne(target, input, mutator.IsUnchanged, index);
            Volatile.Write(ref _inputs, _inputs + 1);
        }

        Volatile.Write(ref _index, -1);
    }

    private void RunOne(FuzzTarget target, ReadOnlySpan<byte> input, bool isValid, long index)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? failure = null;
        string key = "";
        try
        {
            bool accepted = target.Fuzz(input);
            if (accepted)
                Volatile.Write(ref _accepted, _accepted + 1);
            else if (isValid)
                (failure, key) = ($"a valid input was refused: {target.LastRefusal}", "valid");
        }
        catch (Exception e)
        {
            failure = e.ToString();
            key = e.GetType().Name + FirstFrame(e) + (e is FuzzFailureException ? e.Message[..Math.Min(40, e.Message.Length)] : "");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (failure is null && allocated > AllowedBytes + (AllowedBytesPerByte * input.Length))
            (failure, key) = ($"{allocated} bytes were allocated", "allocated");
        if (failure is null)
            return;
        Volatile.Write(ref _failures, _failures + 1);
        _report(index, input.ToArray(), failure, key);
    }

    private static string FirstFrame(Exception e) =>
        e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Godwit.", StringComparison.Ordinal))?.Trim() ?? "";
}
