using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>The command line.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Godwit.MigrationBench -- [--quick | --grid] [OPTIONS]
          --quick            one row: 1 GiB of noise, plain (the default)
          --grid             all rows
          --guest            the Linux guest instead: boot to init, and downtime when idle
          --rows TEXT        only rows whose name contains TEXT; may be given more than once
          --list             prints the rows and ends
          --size MIB         guest RAM of the large rows; default 4096 (1024 with --quick)
          --runs N           runs of each contestant per row, taking turns; default 5
          --warmup N         runs before those, not counted; default 1
          --no-pretouch      the destination's memory is not touched beforehand, on either side
          --no-qemu          Godwit and the raw copy only
          --backend KIND     what the memory of Godwit's destination is made of: ram (default) or memfd
          --link RATE,DELAY  between two network namespaces, for instance 1gbit,20ms (needs root and iproute2); default loopback
          --qemu FOLDER      a peer of eng/peers; default: the folder that `eng/peers path qemu-10.0` names
          --godwit FILE      godwit.dll; default: the one of this checkout
          --output FOLDER    writes results.json, results.md and results.svg there
          --docs FILE        puts the tables between the lines <!-- NAME --> and <!-- /NAME --> of a page, and NAME.svg beside it
          --section NAME     which lines; default migrations
        """;

    public bool IsGrid { get; private set; }

    public bool IsGuest { get; private set; }

    public bool ListOnly { get; private set; }

    public List<string> Rows { get; } = [];

    public long? SizeBytes { get; private set; }

    public int Runs { get; private set; } = 5;

    public int Warmup { get; private set; } = 1;

    public bool IsPretouched { get; private set; } = true;

    public bool UsesQemu { get; private set; } = true;

    public string Backend { get; private set; } = "ram";

    public LinkShape? Link { get; private set; }

    public string? QemuFolder { get; private set; }

    public string? GodwitFile { get; private set; }

    public string? OutputFolder { get; private set; }

    public string? DocsFile { get; private set; }

    public string DocsSection { get; private set; } = "migrations";

    /// <summary>Reads the command line; null when it is not understood.</summary>
    public static BenchOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out string? option))
        {
            switch (option)
            {
                case "--quick":
                    continue;
                case "--grid":
                    options.IsGrid = true;
                    continue;
                case "--guest":
                    options.IsGuest = true;
                    continue;
                case "--list":
                    options.ListOnly = true;
                    continue;
                case "--no-pretouch":
                    options.IsPretouched = false;
                    continue;
                case "--no-qemu":
                    options.UsesQemu = false;
                    continue;
            }

            if (!rest.TryDequeue(out string? value) || !options.TrySet(option, value))
                return null;
        }

        return options;
    }

    private bool TrySet(string option, string value)
    {
        bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        switch (option)
        {
            case "--rows":
                Rows.Add(value);
                return true;
            case "--size":
                SizeBytes = (long)number << 20;
                return isNumber && number >= 64;
            case "--runs":
                Runs = number;
                return isNumber && number > 0;
            case "--warmup":
                Warmup = number;
                return isNumber;
            case "--backend":
                Backend = value;
                return value is "ram" or "memfd";
            case "--link":
                Link = LinkShape.Parse(value);
                return Link is not null;
            case "--qemu":
                QemuFolder = value;
                return true;
            case "--godwit":
                GodwitFile = value;
                return true;
            case "--output":
                OutputFolder = value;
                return true;
            case "--docs":
                DocsFile = value;
                return File.Exists(value);
            case "--section":
                DocsSection = value;
                return true;
            default:
                return false;
        }
    }
}
