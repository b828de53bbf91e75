using Mezcla.Charts;
using Mezcla.Interactive.Figures;
using Plotly.NET;
using Chart = Mezcla.Charts.Chart;

namespace Mezcla.Interactive;

/// <summary>Gives the course's charts as charts of Plotly.NET, which can be moved, read under the pointer and styled further.</summary>
public static class PlotlyCharts
{
    /// <summary>The same chart as a chart of Plotly.NET.</summary>
    /// <param name="chart">The chart.</param>
    public static GenericChart ToPlotly(this Chart chart)
    {
        ArgumentNullException.ThrowIfNull(chart);
        return PlotlyFigure.Of(chart);
    }

    /// <summary>The same charts as one chart of Plotly.NET, with a pair of axes for each.</summary>
    /// <param name="grid">The charts.</param>
    public static GenericChart ToPlotly(this ChartGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return PlotlyFigure.Of(grid);
    }
}
