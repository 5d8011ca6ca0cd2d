using System.Globalization;
using System.Security;
using System.Text;

namespace Godwit.MigrationBench;

/// <summary>Throughput as horizontal bars, with the range of the runs as a line.</summary>
internal static class BarPlot
{
    private const int LabelWidth = 330;
    private const int PlotWidth = 520;
    private const int BarHeight = 14;
    private const int RowGap = 14;

    public static string Draw(IReadOnlyList<CaseResult> results)
    {
        double most = results.SelectMany(r => r.Samples.Values).SelectMany(s => s).Select(s => s.Throughput).DefaultIfEmpty(1).Max();
        var bars = new StringBuilder();
        int y = 30;
        foreach (CaseResult result in results)
        {
            Append(bars, $"<text x='{LabelWidth - 70}' y='{y + 11}' text-anchor='end'>{SecurityElement.Escape(result.Case.Name)}</text>");
            foreach ((string name, IReadOnlyList<RunSample> runs) in result.Samples)
            {
                MedianOf speed = MedianOf.Of(runs.Select(s => s.Throughput));
                double Scale(double value) => Math.Round(value / most * PlotWidth, 1);
                Append(bars, $"<text x='{LabelWidth - 6}' y='{y + 11}' text-anchor='end' fill='#666'>{name}</text>");
                Append(bars, $"<rect x='{LabelWidth}' y='{y}' width='{Scale(speed.Median)}' height='{BarHeight - 3}' fill='{Colour(name)}'/>");
                Append(bars, $"<line x1='{LabelWidth + Scale(speed.Low)}' x2='{LabelWidth + Scale(speed.High)}' y1='{y + 5.5}' y2='{y + 5.5}' stroke='#000'/>");
                Append(bars, $"<text x='{LabelWidth + Scale(speed.High) + 6}' y='{y + 11}'>{speed.Median:F0}</text>");
                y += BarHeight;
            }

            y += RowGap;
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"<svg xmlns='http://www.w3.org/2000/svg' width='{LabelWidth + PlotWidth + 70}' height='{y}' font-family='sans-serif' font-size='11'>\n"
            + $"<rect width='100%' height='100%' fill='#fff'/>\n<text x='{LabelWidth}' y='18'>MiB of guest memory per second; bar: median, line: all runs</text>\n{bars}</svg>\n");
    }

    private static void Append(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Colour(string name) => name switch
    {
        "godwit" => "#2a7ab0",
        "qemu" => "#d98c3a",
        _ => "#9a9a9a",
    };
}
