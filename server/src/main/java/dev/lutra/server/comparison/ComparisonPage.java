package dev.lutra.server.comparison;

import com.github.mustachejava.DefaultMustacheFactory;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.report.Plots;
import dev.lutra.server.view.Plot;
import java.io.StringWriter;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.IntStream;

/** A comparison as one page, without anything from the network; the template beside this class lays it out. */
public record ComparisonPage(List<String> names, List<Row> settings, List<Row> changes, List<Row> figures, List<Titled> plots,
    List<Winner> winners) {

    /** A line of a table: a value a run. */
    public record Row(String name, List<String> values) {}

    /** A plot with a curve a run. */
    public record Titled(String title, Plot data) {

        /** It as a drawing. */
        public String svg() {
            return Plots.curves(data.x(), data.y(), data.curves().stream().map(curve -> new Plots.Curve(curve.name(),
                IntStream.range(0, curve.x().size()).mapToObj(i -> new Plots.Point(curve.x().get(i), curve.y().get(i))).toList())).toList());
        }
    }

    /** What a winner reaches with shared weights, and by itself on validation and on test images. */
    public record Accuracies(String shared, String retrained, String tested) {}

    /** A file on a device. */
    public record Winner(String run, String file, Accuracies accuracy, String device, String predicted, String measured, String state) {}

    public static ComparisonPage of(RunComparison comparison) {
        List<Titled> plots = new ArrayList<>();
        for (Objective cost : comparison.costs()) {
            plots.add(new Titled("Fronts: accuracy against " + comparison.calls().name(cost.measure()),
                new Plot(comparison.calls().axis(cost.measure()), "accuracy (%)",
                    curves(comparison.names(), comparison.fronts(cost).stream().map(ComparisonPage::stepped).toList()))));
        }
        List<List<Plots.Point>> volumes = comparison.curves().stream().map(ComparisonPage::points).toList();
        if (volumes.stream().anyMatch(curve -> curve.size() > 1)) {
            plots.add(new Titled("Hypervolume over evaluations", new Plot("architectures evaluated", "hypervolume",
                curves(comparison.names(), volumes))));
        }
        return new ComparisonPage(comparison.names(), rows(comparison.settings()), changes(comparison), figures(comparison), plots,
            comparison.winners().stream().map(winner -> new Winner(winner.run(), winner.file(),
                new Accuracies(percent(winner.accuracy()), share(winner.retrained()), share(winner.tested())), winner.device(),
                latency(winner.predictedNanos(), winner.batch()),
                latency(winner.p50Nanos(), winner.batch()), winner.state())).toList());
    }

    private static List<Plot.Curve> curves(List<String> names, List<List<Plots.Point>> points) {
        List<Plot.Curve> curves = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (!points.get(i).isEmpty()) {
                curves.add(new Plot.Curve(names.get(i), points.get(i).stream().map(Plots.Point::x).toList(),
                    points.get(i).stream().map(Plots.Point::y).toList()));
            }
        }
        return curves;
    }

    private static List<Plots.Point> points(SortedMap<Integer, Double> curve) {
        return curve.entrySet().stream().map(place -> new Plots.Point(place.getKey(), place.getValue())).toList();
    }

    /** Nobody has a network on the straight line between two points. */
    private static List<Plots.Point> stepped(TradeOff tradeOff) {
        List<Plots.Point> points = new ArrayList<>();
        for (TradeOff.Step step : tradeOff.steps()) {
            double x = Plots.onAxis(tradeOff.cost().measure(), step.candidate().measures().get(tradeOff.cost().measure()));
            if (!points.isEmpty()) {
                points.add(new Plots.Point(x, points.get(points.size() - 1).y()));
            }
            points.add(new Plots.Point(x, 100 * step.candidate().accuracy()));
        }
        return points;
    }

    private static List<Row> rows(Map<String, List<String>> settings) {
        return settings.entrySet().stream().map(setting -> new Row(setting.getKey(),
            setting.getValue().stream().map(ComparisonPage::stated).toList())).toList();
    }

    /** What a file says of a setting. */
    public static String stated(String value) {
        return value.isEmpty() ? "(left out)" : value;
    }

    /** A row a setting that was changed since a front was found: the run, then what it was and is. */
    public static List<Row> changes(RunComparison comparison) {
        return comparison.changes().stream()
            .map(change -> new Row(change.setting(), List.of(change.run(), stated(change.then()), stated(change.now())))).toList();
    }

    /** What the runs found and took, a row a figure. */
    public static List<Row> figures(RunComparison comparison) {
        List<Row> figures = new ArrayList<>();
        figures.add(new Row("hypervolume of " + comparison.objectives().stream().map(Objective::measure).map(comparison.calls()::name).toList(),
            comparison.hypervolumes().stream().map(value -> String.format(Locale.ROOT, "%.4f", value)).toList()));
        figures.add(new Row("best accuracy", comparison.fronts(comparison.costs().get(0)).stream()
            .map(front -> percent(front.steps().get(front.steps().size() - 1).candidate().accuracy())).toList()));
        figures.add(new Row("architectures evaluated", comparison.evaluations().stream().map(String::valueOf).toList()));
        figures.add(new Row("models timed for tables", comparison.measured().stream().map(String::valueOf).toList()));
        figures.add(new Row("peak memory of training", comparison.peakBytes().stream()
            .map(bytes -> bytes == 0 ? "-" : String.format(Locale.ROOT, "%.0f MB", bytes / 1e6)).toList()));
        if (comparison.supernetsOf().stream().anyMatch(Optional::isPresent)) {
            figures.add(new Row("supernet trained by", comparison.supernetsOf().stream().map(other -> other.orElse("itself")).toList()));
        }
        comparison.durations().forEach((stage, times) -> figures.add(new Row("hours of " + stage, times.stream().map(ComparisonPage::hours)
            .toList())));
        return figures;
    }

    private static String hours(Duration time) {
        return String.format(Locale.ROOT, "%.3f", time.toMillis() / 3.6e6);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    /** An accuracy, where it is known. */
    public static String share(Optional<Double> accuracy) {
        return accuracy.map(ComparisonPage::percent).orElse("-");
    }

    /** The latency of a call, and of how many images where these are several. */
    public static String latency(long nanos, int batch) {
        return Measure.format(Measure.LATENCY, nanos, RoundingMode.HALF_EVEN) + (batch == 1 ? "" : " for " + batch + " images");
    }

    /** Whether there is anything to tell of that. */
    public boolean hasChanges() {
        return !changes.isEmpty();
    }

    /** The page. */
    public String html() {
        StringWriter page = new StringWriter();
        new DefaultMustacheFactory("dev/lutra/server/comparison").compile("comparison.mustache").execute(page, this);
        return page.toString();
    }
}
