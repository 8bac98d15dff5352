package dev.lutra.server.report;

import dev.lutra.search.Measure;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.Function;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Plots as SVG documents. */
public final class Plots {

    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final int MOST_LABELS = 12;
    private static final double GOLDEN = (1 + Math.sqrt(5)) / 2; // of two lengths on one grid it is never the ratio
    private static final Color INK = new Color(0x1c242c);
    private static final Color GRID = new Color(0xe3e7eb);
    private static final Color BLUE = new Color(0x0072b2);
    private static final Color ORANGE = new Color(0xd55e00);
    private static final Color GREEN = new Color(0x009e73);
    private static final Color PURPLE = new Color(0xcc79a7);
    private static final Color YELLOW = new Color(0xe69f00);
    private static final Color GREY = new Color(0xb4bcc5);

    /** A point of a scatter plot. */
    public record Point(double x, double y) {}

    /**
     * One curve.
     *
     * @param name for the legend
     * @param points by increasing x
     */
    public record Curve(String name, List<Point> points) {}

    private Plots() {}

    /**
     * The Pareto front: every candidate in grey, the front's points and what they reach as a stepped line, the knee marked, the
     * limit as a vertical line.
     *
     * @param moreIsBetter on the x axis
     * @param knee none or one
     * @param limit on the x axis; NaN for none
     */
    public static String front(String xLabel, boolean moreIsBetter, List<Point> candidates, List<Point> front, List<Point> knee,
        double limit) {
        XYChart chart = chart(xLabel, "accuracy (%)");
        addMarkers(chart, "dominated", candidates, GREY, SeriesMarkers.CIRCLE);
        XYSeries line = add(chart, "reached", steps(front, moreIsBetter), BLUE);
        line.setMarker(SeriesMarkers.NONE);
        line.setShowInLegend(false);
        addMarkers(chart, "Pareto front", front, BLUE, SeriesMarkers.CIRCLE);
        addMarkers(chart, "knee", knee, GREEN, SeriesMarkers.SQUARE);
        if (!Double.isNaN(limit)) {
            double low = candidates.stream().mapToDouble(Point::y).min().orElse(0);
            double high = candidates.stream().mapToDouble(Point::y).max().orElse(100);
            XYSeries bound = add(chart, "limit", List.of(new Point(limit, low), new Point(limit, high)), ORANGE);
            bound.setMarker(SeriesMarkers.NONE);
            bound.setLineStyle(new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10f, new float[]{6, 4}, 0));
        }
        return svg(chart);
    }

    /**
     * Corners of the line between what some point reaches and what none does, from the best x on. Nobody has a network on the straight
     * line between two points; points that are on the front for a third objective lie behind the steps.
     */
    private static List<Point> steps(List<Point> front, boolean moreIsBetter) {
        Comparator<Point> byX = Comparator.comparingDouble(Point::x);
        List<Point> steps = new ArrayList<>();
        for (Point point : front.stream().sorted(moreIsBetter ? byX.reversed() : byX).toList()) {
            if (steps.isEmpty()) {
                steps.add(point);
            } else if (point.y() > steps.get(steps.size() - 1).y()) {
                steps.add(new Point(point.x(), steps.get(steps.size() - 1).y()));
                steps.add(point);
            }
        }
        return steps;
    }

    /** What an axis of a measure is called. */
    public static String axis(String measure) {
        if (Measure.isLatency(measure) && measure.contains(":")) {
            return (measure.startsWith(Measure.LATENCY + ":") ? "predicted latency on " : "predicted p99 latency on ")
                + measure.substring(measure.indexOf(':') + 1) + " (ms)";
        }
        if (measure.startsWith(Measure.energy(""))) {
            return "predicted energy of a call on " + measure.substring(measure.indexOf(':') + 1) + " (mJ)";
        }
        if (measure.startsWith(Measure.memory(""))) {
            return "predicted peak memory on " + measure.substring(measure.indexOf(':') + 1) + " (MB)";
        }
        return switch (measure) {
            case Measure.MACS -> "MACs (millions)";
            case Measure.PARAMS -> "parameters (millions)";
            case Measure.LATENCY -> "latency (ms)";
            case Measure.WORST_LATENCY -> "predicted latency on the slowest device (ms)";
            default -> measure;
        };
    }

    /** A value of a measure in the unit of its {@linkplain #axis axis}. */
    public static double onAxis(String measure, double value) {
        return value / (Measure.isScaled(measure) || Measure.isCount(measure) ? 1e6 : 1);
    }

    /** Curves over a common x axis. */
    public static String curves(String xLabel, String yLabel, List<Curve> curves) {
        XYChart chart = chart(xLabel, yLabel);
        boolean rises = curves.stream().allMatch(curve -> curve.points().get(curve.points().size() - 1).y() >= curve.points().get(0).y());
        chart.getStyler().setLegendPosition(rises ? LegendPosition.InsideSE : LegendPosition.InsideNE);
        List<Color> colours = List.of(BLUE, ORANGE, GREEN, PURPLE, YELLOW, GREY);
        for (int i = 0; i < curves.size(); i++) {
            add(chart, curves.get(i).name(), curves.get(i).points(), colours.get(i % colours.size())).setMarker(SeriesMarkers.NONE);
        }
        return svg(chart);
    }

    private static XYChart chart(String xLabel, String yLabel) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
        chart.getStyler().setChartBackgroundColor(Color.WHITE).setPlotBackgroundColor(Color.WHITE)
            .setPlotBorderVisible(false).setChartFontColor(INK).setLegendPosition(LegendPosition.InsideSE)
            .setLegendBorderColor(GRID).setLegendFont(font).setChartTitleVisible(false);
        chart.getStyler().setXAxisMaxLabelCount(MOST_LABELS);
        chart.getStyler().setPlotGridLinesColor(GRID).setAxisTickLabelsFont(font).setAxisTitleFont(font)
            .setAxisTickMarksColor(GRID).setAxisTickLabelsColor(INK);
        return chart;
    }

    private static XYSeries add(XYChart chart, String name, List<Point> points, Color colour) {
        XYSeries series = chart.addSeries(name, points.stream().mapToDouble(Point::x).toArray(),
            points.stream().mapToDouble(Point::y).toArray());
        series.setLineColor(colour);
        series.setLineWidth(2);
        series.setMarkerColor(colour);
        return series;
    }

    private static void addMarkers(XYChart chart, String name, List<Point> points, Color colour, Marker marker) {
        if (points.isEmpty()) {
            return;
        }
        XYSeries series = add(chart, name, points, colour);
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
        series.setMarker(marker);
    }

    /**
     * XChart labels the values themselves where they are equally spaced, however many there are. A point that nobody sees lies off their
     * grid, and so ticks are placed by the room that there is.
     */
    private static void placeTicksByRoom(XYChart chart) {
        XYSeries unseen = chart.addSeries("unseen", new double[]{offGrid(chart, XYSeries::getXData)},
            new double[]{offGrid(chart, XYSeries::getYData)});
        unseen.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
        unseen.setMarker(SeriesMarkers.NONE);
        unseen.setShowInLegend(false);
    }

    private static double offGrid(XYChart chart, Function<XYSeries, double[]> axis) {
        DoubleSummaryStatistics values = chart.getSeriesMap().values().stream().flatMapToDouble(series -> Arrays.stream(axis.apply(series)))
            .summaryStatistics();
        return values.getMin() + (values.getMax() - values.getMin()) / GOLDEN;
    }

    private static String svg(XYChart chart) {
        placeTicksByRoom(chart);
        chart.getStyler().setMarkerSize(7);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            VectorGraphicsEncoder.saveVectorGraphic(chart, out, VectorGraphicsFormat.SVG);
        } catch (IOException e) {
            throw new UncheckedIOException("plot: " + e.getMessage(), e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
