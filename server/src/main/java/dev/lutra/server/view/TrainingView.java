package dev.lutra.server.view;

import dev.lutra.server.event.RunEvent.DecisionsTaken;
import dev.lutra.server.event.RunEvent.PathsJudged;
import dev.lutra.server.event.RunEvent.PathsProbed;
import dev.lutra.server.event.RunEvent.TrainingPace;
import dev.lutra.server.event.RunEvent.TrainingStep;
import dev.lutra.server.report.DecisionsDrawing;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How networks were trained.
 *
 * @param curves a plot a training and figure, the supernet's first
 * @param note what random paths reach; empty where none was judged
 * @param pace empty where it was not told
 * @param probes fixed paths in the midst of training
 * @param decisions how superkernels decided; null where there are none
 */
public record TrainingView(List<Titled> curves, String note, String pace, List<Probed> probes, Decided decisions) {

    /** The training of the shared weights. */
    static final String SUPERNET = "train";
    private static final double NANOS_A_MILLI = 1e6;

    /** A plot with a title. */
    public record Titled(String title, Plot plot) {}

    /** Fixed paths after an epoch. */
    public record Probed(int epoch, int paths, String mean, String lowest, String highest, String tau) {}

    /** How superkernels decided: a drawing as SVG, and plots of latencies and lambda where there are any. */
    public record Decided(String drawing, List<Titled> plots) {}

    static TrainingView of(RunFacts facts) {
        DoubleSummaryStatistics paths = facts.history().all(PathsJudged.class).stream().flatMap(judged -> judged.accuracies().stream())
            .mapToDouble(Double::doubleValue).summaryStatistics();
        Map<String, Duration> targets = facts.experiment().superkernel().map(SuperkernelSampling::targets)
            .orElseGet(TreeMap::new);
        return new TrainingView(curves(facts), paths.getCount() == 0
            ? ""
            : String.format(Locale.ROOT, "%d random subnets on validation images: mean accuracy %s, lowest %s, highest %s.",
                paths.getCount(), Written.percent(paths.getAverage()), Written.percent(paths.getMin()), Written.percent(paths.getMax())),
            pace(facts.history().all(TrainingPace.class).stream().filter(pace -> pace.training().equals(SUPERNET)).toList()),
            facts.history().all(PathsProbed.class).stream().map(TrainingView::probed).toList(),
            decided(facts.history().all(DecisionsTaken.class), targets).orElse(null));
    }

    private static List<Titled> curves(RunFacts facts) {
        List<Titled> curves = new ArrayList<>();
        Plot.Points loss = new Plot.Points();
        facts.losses().forEach((step, value) -> loss.add(step, value));
        if (!facts.losses().isEmpty()) {
            curves.add(new Titled("Loss of sampled paths", new Plot("step", "training loss", List.of(loss.as("loss")))));
        }
        Map<String, List<TrainingStep>> trainings = new LinkedHashMap<>();
        facts.history().all(TrainingStep.class).forEach(step -> trainings.computeIfAbsent(step.training(), name -> new ArrayList<>()).add(step));
        List<TrainingStep> supernet = trainings.remove(SUPERNET);
        if (supernet != null) {
            curves.add(new Titled("Accuracy of sampled paths on their training images", accuracies("accuracy", Map.of("supernet", supernet))));
            Plot.Points rate = new Plot.Points();
            supernet.forEach(step -> rate.add(step.step(), step.learningRate()));
            curves.add(new Titled("Learning rate", new Plot("step", "learning rate", List.of(rate.as("learning rate")))));
        }
        if (!trainings.isEmpty()) {
            curves.add(new Titled("Networks trained by themselves: accuracy on their training images", accuracies("accuracy", trainings)));
        }
        return curves;
    }

    private static Plot accuracies(String what, Map<String, List<TrainingStep>> trainings) {
        List<Plot.Curve> curves = new ArrayList<>();
        trainings.forEach((name, steps) -> {
            Plot.Points points = new Plot.Points();
            steps.forEach(step -> points.add(step.step(), 100 * step.accuracy()));
            curves.add(points.as(name));
        });
        return new Plot("step", what + " (%)", curves);
    }

    private static Optional<Decided> decided(List<DecisionsTaken> course, Map<String, Duration> targets) {
        if (course.isEmpty()) {
            return Optional.empty();
        }
        List<DecisionsDrawing.Column> columns = course.stream()
            .map(taken -> new DecisionsDrawing.Column(taken.step(), List.of(taken.architecture().split(",")))).toList();
        List<String> layers = IntStream.rangeClosed(1, columns.get(0).choices().size()).mapToObj(layer -> "layer" + layer).toList();
        List<Plot.Curve> latencies = new ArrayList<>();
        Plot.Points lambda = new Plot.Points();
        course.forEach(taken -> lambda.add(taken.step(), taken.lambda()));
        course.get(0).latencies().keySet().stream().sorted().forEach(device -> {
            Plot.Points latency = new Plot.Points();
            course.forEach(taken -> latency.add(taken.step(), taken.latencies().get(device) / NANOS_A_MILLI));
            latencies.add(latency.as(device));
            Optional.ofNullable(targets.get(device)).ifPresent(target -> {
                Plot.Points line = new Plot.Points();
                Stream.of(course.get(0), course.get(course.size() - 1)).forEach(taken -> line.add(taken.step(), target.toNanos() / NANOS_A_MILLI));
                latencies.add(line.as("target of " + device));
            });
        });
        return Optional.of(new Decided(DecisionsDrawing.svg(layers, columns), latencies.isEmpty()
            ? List.of()
            : List.of(new Titled("Latency of the decisions", new Plot("step", "latency of the decisions (ms)", latencies)),
                new Titled("Lambda", new Plot("step", "lambda", List.of(lambda.as("lambda")))))));
    }

    private static String pace(List<TrainingPace> paces) {
        if (paces.isEmpty()) {
            return "";
        }
        double[] speeds = paces.stream().mapToDouble(TrainingPace::imagesPerSecond).sorted().toArray();
        double wait = paces.stream().mapToDouble(TrainingPace::dataWaitShare).average().orElseThrow();
        String memory = paces.stream().map(TrainingPace::memory).filter(Objects::nonNull).max(Long::compare)
            .map(bytes -> String.format(Locale.ROOT, ", at most %,.0f MB of memory", bytes / 1e6)).orElse("");
        return String.format(Locale.ROOT, "Median of %,.0f images a second, %.1f %% of the time waiting for images%s.",
            speeds[speeds.length / 2], 100 * wait, memory);
    }

    private static Probed probed(PathsProbed probed) {
        DoubleSummaryStatistics paths = probed.paths().stream().mapToDouble(PathsProbed.Probed::accuracy).summaryStatistics();
        return new Probed(probed.epoch(), probed.paths().size(), Written.percent(paths.getAverage()), Written.percent(paths.getMin()),
            Written.percent(paths.getMax()), probed.tau() == null ? Written.NOTHING : String.format(Locale.ROOT, "%.2f", probed.tau()));
    }
}
