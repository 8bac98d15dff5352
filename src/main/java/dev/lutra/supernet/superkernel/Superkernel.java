package dev.lutra.supernet.superkernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.StepSeed;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The superkernels of a space in training, step by step: their decisions, what latency costs, and the search for λ. */
public final class Superkernel {

    private static final String TABLE = "supernet.sampling.table.";

    private final SuperkernelSampling settings;
    private final SearchSpace space;
    private final List<NestedRow> rows;
    private final List<RowKernel> kernels;
    private final List<Weight> thresholds;
    private final RunTimeLoss loss;
    private final Multiplier multiplier;
    private Optional<Decisions> decided = Optional.empty();

    /**
     * @param space whose rows' options share their weights
     * @param devices the latencies of those that the settings speak of, as {@link #latencies} gives them
     * @param state as {@link #state} gave it; empty at the beginning
     * @throws dev.lutra.InputException if a row is not nested, or a device is not there
     */
    public Superkernel(SuperkernelSampling settings, SearchSpace space, Map<String, RowLatencies> devices, Optional<String> state) {
        this.settings = settings;
        this.space = space;
        rows = NestedRow.of(space);
        Architecture largest = NestedRow.largest(space, rows);
        kernels = rows.stream().map(row -> new RowKernel(space, row, largest, settings.model().norm(), settings.model().gate())).toList();
        thresholds = kernels.stream().flatMap(kernel -> kernel.thresholds().stream()).toList();
        loss = new RunTimeLoss(rows, settings.weights(devices.keySet()), devices, settings.model().form(), settings.model().combination());
        multiplier = new Multiplier(state);
    }

    /**
     * The latencies that a training is to learn.
     *
     * @param kept of those that it began with
     * @param tables of all devices, looked at for those that are not kept
     * @throws dev.lutra.InputException if a device is not there, or its table lacks a segment
     */
    public static SortedMap<String, RowLatencies> latencies(SuperkernelSampling settings, SearchSpace space, Map<String, RowLatencies> kept,
        Map<String, Supplier<LatencyModel>> tables) {
        SortedMap<String, RowLatencies> latencies = new TreeMap<>();
        settings.weights(tables.keySet()).keySet().forEach(device -> latencies.put(device,
            Optional.ofNullable(kept.get(device)).orElseGet(() -> RowLatencies.of(space, tables.get(device).get()))));
        return latencies;
    }

    /** What a training follows from besides its settings. */
    public static NamedValues origin(Map<String, RowLatencies> devices) {
        NamedValues.Builder values = NamedValues.builder();
        devices.forEach((device, latencies) -> values.put(TABLE + device, latencies.fingerprint()));
        return values.build();
    }

    /** The same as a finished training has it, whose latencies need not be known any more. */
    public static NamedValues finished(SortedMap<String, String> origin) {
        NamedValues.Builder values = NamedValues.builder();
        origin.forEach((name, value) -> {
            if (name.startsWith(TABLE)) {
                values.put(name, value);
            }
        });
        return values.build();
    }

    /** All that later steps follow from besides weights and thresholds. */
    public String state() {
        return multiplier.state();
    }

    /** What the last step decided; empty before the first. */
    public Optional<Decisions> decided() {
        return decided;
    }

    /**
     * The decisions of a step.
     *
     * @param step from 0
     * @param steps of the training
     */
    public Relaxation at(long seed, long step, long steps) {
        double progress = (double) step / steps;
        return new Relaxation() {
            @Override
            public List<Weight> learned() {
                return thresholds;
            }

            @Override
            public Relaxed begin(Parameters parameters, NDManager arrays) {
                boolean warm = progress < settings.run().warmUp();
                SplittableRandom random = new SplittableRandom(StepSeed.of(seed, step, StepSeed.DECISIONS));
                List<RowKernel.Gated> gated = kernels.stream()
                    .map(kernel -> kernel.gate(parameters, arrays, decision -> !warm || random.nextDouble() < settings.run().keep()))
                    .toList();
                double search = 1 - settings.run().warmUp();
                Pull pull = warm
                    ? new Pull(0, List.of())
                    : pull(gated, (progress - settings.run().warmUp()) / search, 1 / (steps * search));
                decided = Optional.of(decisions(gated, pull.lambda()));
                return new Relaxed(new Decided(parameters, gated), pull.on(gated, arrays));
            }
        };
    }

    private Decisions decisions(List<RowKernel.Gated> gated, double lambda) {
        List<double[]> decisions = gated.stream().map(RowKernel.Gated::decisions).toList();
        return new Decisions(NestedRow.architecture(space, rows, decisions).toString(), lambda, new TreeMap<>(loss.at(decisions).nanos()));
    }

    /**
     * What pulls at decisions besides the images.
     *
     * @param lambda weight of the run-time loss
     * @param slopes of what is lowered, by row and decision; empty for nothing
     */
    private record Pull(double lambda, List<double[]> slopes) {

        /** A sum of the indicators that has these slopes. */
        Optional<NDArray> on(List<RowKernel.Gated> gated, NDManager arrays) {
            if (slopes.isEmpty()) {
                return Optional.empty();
            }
            NDList indicators = new NDList();
            gated.forEach(row -> indicators.addAll(row.indicators()));
            double[] all = slopes.stream().flatMapToDouble(Arrays::stream).toArray();
            float[] factors = new float[all.length];
            for (int i = 0; i < factors.length; i++) {
                factors[i] = (float) all[i];
            }
            return Optional.of(NDArrays.concat(indicators).mul(arrays.create(factors)).sum());
        }
    }

    private Pull pull(List<RowKernel.Gated> gated, double progress, double share) {
        RunTimeLoss.Latencies latencies = loss.at(gated.stream().map(RowKernel.Gated::decisions).toList());
        double lambda = settings.lambda().orElse(0.0);
        if (settings.lambda().isEmpty()) {
            double ratio = settings.targets().entrySet().stream()
                .mapToDouble(target -> latencies.nanos().get(target.getKey()) / target.getValue().toNanos()).max().orElseThrow();
            if (Multiplier.settles(ratio, progress)) {
                return new Pull(0, gated.stream().map(row -> Arrays.stream(row.decisions()).map(decision -> 1 - 2 * decision).toArray()).toList());
            }
            lambda = multiplier.next(ratio, progress, share);
        }
        double factor = settings.scaled(lambda);
        return new Pull(lambda, factor == 0
            ? List.of()
            : latencies.slopes().stream().map(row -> Arrays.stream(row).map(slope -> factor * slope).toArray()).toList());
    }

    /** Weights with the decisions applied to them. */
    private static final class Decided implements Parameters {

        private final Parameters parameters;
        private final Map<Weight, NDArray> weights = new HashMap<>();
        private final Map<String, UnaryOperator<NDArray>> excited = new HashMap<>();

        Decided(Parameters parameters, List<RowKernel.Gated> gated) {
            this.parameters = parameters;
            gated.forEach(row -> {
                weights.putAll(row.weights());
                excited.putAll(row.excited());
            });
        }

        @Override
        public NDArray get(Weight weight) {
            NDArray decided = weights.get(weight);
            return decided != null ? decided : parameters.get(weight);
        }

        @Override
        public NDArray scaling(Op.ChannelScale op, NDArray factor) {
            return excited.getOrDefault(op.name(), UnaryOperator.identity()).apply(factor);
        }
    }
}
