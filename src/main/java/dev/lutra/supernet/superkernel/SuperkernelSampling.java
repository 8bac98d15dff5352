package dev.lutra.supernet.superkernel;

import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.yaml.Durations;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The largest path of a space of nested rows, as superkernels that learn which part of them is used (Stamoulis et al. 2019,
 * Single-Path NAS, arXiv 1904.02877). What they have learned is {@linkplain #decode decoded}; nothing is searched.
 *
 * @param lambda weight of the run-time loss; empty: found for the targets
 * @param targets latencies that are aimed at, by device
 * @param devices whose latencies are in the loss, with their weights; empty: the targets', each weighed by its target, or without
 *     targets every device of the experiment, all alike
 * @param run how the training goes
 * @param model how latency follows from decisions
 */
public record SuperkernelSampling(Optional<Double> lambda, SortedMap<String, Duration> targets, SortedMap<String, Double> devices,
    Course run, Model model) implements Sampling {

    /** What files call it, under {@code supernet.sampling}. */
    public static final String NAME = "superkernel";

    /** Farther than this from its target, in parts of it, a latency has missed it. */
    public static final double MISSED = 0.1;

    private static final int DIGITS_OF_NANOS = 6;
    private static final int SHOWN_DIGITS = 4;
    private static final double PUBLISHED_FACTOR = 1000;
    private static final double DEFAULT_WARM_UP = 0.4;
    private static final double DEFAULT_KEEP = 0.6;

    /**
     * How the training goes.
     *
     * @param warmUp share of the steps without a run-time loss, in which decisions are dropped
     * @param keep share of the decisions that are not dropped in a step of the warm-up
     */
    public record Course(double warmUp, double keep) {}

    /**
     * How latency and decisions are put into figures.
     *
     * @param form of a row's latency
     * @param combination of several devices' latencies
     * @param scale of λ
     * @param norm that thresholds are about
     * @param gate where decisions are multiplied in
     */
    record Model(RelaxedLatency.Form form, RunTimeLoss.Combination combination, Scale scale, Norm norm, RowKernel.Gate gate) {}

    /** What λ is multiplied by. */
    enum Scale {
        /** The logarithm of the latency. */
        LOGARITHM,
        /** A thousand times it, as in the released code: λ · 1000 · ln ms. */
        PUBLISHED
    }

    public SuperkernelSampling {
        targets = Collections.unmodifiableSortedMap(new TreeMap<>(targets));
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
    }

    /**
     * @throws InputException with file, line, key and expectation
     */
    public static SuperkernelSampling of(LayeredSettings settings) {
        Optional<YamlNode> lambda = settings.find("lambda");
        Optional<YamlNode> target = settings.find("target");
        if (lambda.isPresent() && target.isPresent()) {
            throw target.get().error("given with lambda (expected: one of them: target finds lambda)");
        }
        if (target.isEmpty()) {
            settings.get("lambda");
        }
        SortedMap<String, Duration> targets = new TreeMap<>();
        target.ifPresent(node -> node.entries().forEach((device, latency) -> targets.put(device, Durations.of(latency))));
        SortedMap<String, Double> devices = new TreeMap<>();
        settings.find("devices").ifPresent(node -> {
            node.entries().forEach((device, weight) -> devices.put(device, weight.number(1e-9, 1e9)));
            targets.keySet().stream().filter(device -> !devices.containsKey(device)).findFirst().ifPresent(device -> {
                throw node.error("without " + device + ", whose latency target aims at (expected: all devices of target)");
            });
        });
        Scale scale = settings.oneOf("loss", Scale.class, Scale.LOGARITHM);
        target.filter(node -> scale == Scale.PUBLISHED).ifPresent(node -> {
            throw node.error("given with loss: published (expected: lambda with it, as its weight is a lambda's)");
        });
        return new SuperkernelSampling(lambda.map(node -> node.number(0, 1e6)), targets, devices,
            new Course(settings.number("warm-up", 0, 0.9, DEFAULT_WARM_UP), settings.number("keep", 0.01, 1, DEFAULT_KEEP)),
            new Model(settings.oneOf("latency", RelaxedLatency.Form.class, RelaxedLatency.Form.SUM),
                settings.oneOf("combine", RunTimeLoss.Combination.class, RunTimeLoss.Combination.SUM),
                scale,
                settings.oneOf("norm", Norm.class, Norm.RELATIVE),
                settings.oneOf("gate", RowKernel.Gate.class, RowKernel.Gate.OUTPUT)));
    }

    /** That of a curriculum, if it trains superkernels. */
    public static Optional<SuperkernelSampling> in(Curriculum curriculum) {
        return curriculum.phases().stream().map(phase -> phase.sampling()).filter(SuperkernelSampling.class::isInstance)
            .map(SuperkernelSampling.class::cast).findFirst();
    }

    /**
     * Makes sure that the devices are there that it speaks of.
     *
     * @param known names of all that are
     * @throws InputException naming the key
     */
    public void requireDevices(Collection<String> known) {
        weights(known);
        if (lambda.orElse(1.0) > 0 && known.isEmpty()) {
            throw new InputException("supernet.sampling.superkernel.lambda: " + lambda.orElse(0.0)
                + " without targets, whose latency it weighs (expected: 0, or targets)");
        }
    }

    /** λ as it multiplies the logarithm. */
    double scaled(double value) {
        return model.scale() == Scale.PUBLISHED ? PUBLISHED_FACTOR * value : value;
    }

    /**
     * Devices whose latencies are in the loss, with their weights.
     *
     * @param all devices that there are
     * @throws InputException if one is not among them
     */
    SortedMap<String, Double> weights(Collection<String> all) {
        SortedMap<String, Double> usual = new TreeMap<>();
        all.forEach(device -> usual.put(device, 1.0));
        SortedMap<String, Double> weights = new TreeMap<>(devices);
        if (weights.isEmpty()) {
            targets.forEach((device, target) -> weights.put(device, 1.0 / target.toNanos()));
        }
        targets.keySet().forEach(device -> require(usual, device, "target"));
        weights.keySet().forEach(device -> require(usual, device, "devices"));
        return weights.isEmpty() ? usual : weights;
    }

    private static void require(SortedMap<String, Double> known, String device, String key) {
        if (!known.containsKey(device)) {
            throw new InputException("supernet.sampling.superkernel." + key + ": " + device + " (expected: "
                + (known.isEmpty() ? "one of targets, of which there is none" : "one of " + String.join(", ", known.keySet())) + ")");
        }
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return List.of(NestedRow.largest(surviving.space(), NestedRow.of(surviving.space())));
    }

    @Override
    public boolean isOnePath() {
        return true;
    }

    @Override
    public SearchSpace trained(SearchSpace space) {
        return SharedRows.of(space);
    }

    @Override
    public Optional<String> problemIn(SearchSpace space) {
        try {
            NestedRow.of(space);
            return Optional.empty();
        } catch (InputException e) {
            return Optional.of(e.getMessage());
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME);
        lambda.ifPresent(value -> values.put(key + ".lambda", value));
        targets.forEach((device, target) -> values.put(key + ".target." + device, target.toNanos()));
        devices.forEach((device, weight) -> values.put(key + ".devices." + device, weight));
        values.put(key + ".warm-up", run.warmUp()).put(key + ".keep", run.keep())
            .put(key + ".latency", word(model.form())).put(key + ".combine", word(model.combination()))
            .put(key + ".loss", word(model.scale())).put(key + ".norm", word(model.norm())).put(key + ".gate", word(model.gate()));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Makes sure that networks of a space take as long as targets say. Of several targets, of which the one that is farthest below what
     * decisions come to is aimed at, one may be longer than any takes.
     *
     * @param known latencies of the devices whose tables are there
     * @throws InputException naming the target and what can be reached
     */
    public void requireReachable(SearchSpace space, Map<String, LatencyModel> known) {
        List<NestedRow> rows = NestedRow.of(space);
        Map<String, RelaxedLatency> latencies = new TreeMap<>();
        targets.keySet().stream().filter(known::containsKey).forEach(device -> latencies.put(device,
            new RelaxedLatency(rows, RowLatencies.of(space, known.get(device)), model.form())));
        latencies.forEach((device, latency) -> requireReachable(device, latency, targets.get(device).toNanos() >= latency.least(), known));
        if (latencies.keySet().equals(targets.keySet())) {
            boolean shortensAny = latencies.isEmpty()
                || latencies.entrySet().stream().anyMatch(device -> targets.get(device.getKey()).toNanos() <= device.getValue().most());
            latencies.forEach((device, latency) -> requireReachable(device, latency, shortensAny, known));
        }
    }

    private void requireReachable(String device, RelaxedLatency latency, boolean holds, Map<String, LatencyModel> known) {
        if (!holds) {
            throw new InputException("supernet.sampling.superkernel.target." + device + ": "
                + millis(targets.get(device).toNanos(), RoundingMode.UNNECESSARY) + ", which no network takes (expected: "
                + millis(latency.least(), RoundingMode.CEILING) + " to " + millis(latency.most(), RoundingMode.FLOOR) + ", by "
                + known.get(device).table().origin() + ")");
        }
    }

    private static String millis(double nanos, RoundingMode rounding) {
        BigDecimal millis = BigDecimal.valueOf(nanos).movePointLeft(DIGITS_OF_NANOS);
        return (rounding == RoundingMode.UNNECESSARY ? millis : millis.round(new MathContext(SHOWN_DIGITS, rounding))).stripTrailingZeros()
            .toPlainString() + " ms";
    }

    /** The architecture that thresholds and norms have come to. */
    public Architecture decode(SearchSpace space, SupernetWeights weights) {
        List<NestedRow> rows = NestedRow.of(space);
        Architecture largest = NestedRow.largest(space, rows);
        try (NDManager manager = weights.newManager()) {
            Parameters parameters = weight -> Views.detached(weights.tensor(weight.tensor()), weight, manager);
            return NestedRow.architecture(space, rows, rows.stream()
                .map(row -> new RowKernel(space, row, largest, model.norm(), model.gate()).gate(parameters, manager, decision -> true).decisions())
                .toList());
        }
    }
}
