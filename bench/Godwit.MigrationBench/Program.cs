using Godwit.MigrationBench;

BenchOptions? options = BenchOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine(BenchOptions.Usage);
    return 2;
}

MigrationCase[] rows =
[
    .. (options.IsGrid ? CaseTable.Full(options.SizeBytes) : CaseTable.Quick(options.SizeBytes))
        .Where(row => options.Rows.Count == 0 || options.Rows.Exists(text => row.Name.Contains(text, StringComparison.OrdinalIgnoreCase))),
];
if (options.ListOnly)
{
    foreach (MigrationCase row in rows)
        Console.WriteLine(row.Name);
    return 0;
}

try
{
    if (options.IsGuest)
    {
        Console.WriteLine(new GuestContest(options.Runs, options.Warmup, Console.Error).Run());
        return 0;
    }

    using NetworkLink link = NetworkLink.Create(options.Link);
    var contest = new Contest(options, link, Console.Error);
    var results = new List<CaseResult>();
    foreach (MigrationCase row in rows)
        results.Add(await contest.RunAsync(row));
    var report = new BenchReport(options, link.Name, results);
    Console.WriteLine(report.ToMarkdown());
    if (options.OutputFolder is { } folder)
        report.Save(folder);
    if (options.DocsFile is { } page)
        report.WriteInto(page, options.DocsSection);
    return 0;
}
catch (BenchException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
