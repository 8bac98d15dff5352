package dev.lutra.supernet.superkernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.superkernel.NestedRow.Decision;
import dev.lutra.supernet.superkernel.NestedRow.Kind;
import dev.lutra.supernet.superkernel.NestedRow.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The superkernel of a row: the depthwise kernel of its largest option, of which decisions say what is used. A decision is 1 if the
 * norm of the part that it is about is at least a learned threshold, with the gradient of a sigmoid of their difference (the
 * straight-through indicator of Stamoulis et al. 2019, section 3). With decisions of 0 and 1 the row computes what the option does
 * that they stand for; where they are multiplied in is the {@link Gate}.
 */
final class RowKernel {

    private static final float NO_ROOT_OF_ZERO = 1e-12f;

    private final NestedRow row;
    private final Norm norm;
    private final Gate gate;
    private final Weight kernel;
    private final List<Integer> channels;
    private final List<Weight> thresholds;
    /** Convolutions of squeeze-and-excite, with how many of their inputs every expansion has. */
    private final Map<Weight, List<Integer>> excitation;
    private final Ends ends;
    private final Optional<String> scale;

    /** Where the decisions on expansion and presence are multiplied in; those on the kernel always are in the kernel. */
    enum Gate {
        /**
         * In what reads the channels, and in the block's last batch norm. The gradient of a decision is then what its part is worth,
         * whether it is used or not.
         */
        OUTPUT,
        /**
         * In the depthwise kernel, as published. Batch norm follows it and takes the scale of each channel away, so that a loss of
         * the outputs has next to no gradient there, and decisions follow latency and the growth of norms. A channel that is off
         * gives the constant that batch norm's shift makes of it, which the last batch norm takes away again. Where squeeze-and-excite
         * would make it differ from image to image, the shift is off as well, and a block that is off adds no shift of its last one.
         */
        KERNEL
    }

    private record Ends(Weight project, Op.BatchNorm depthwiseNorm, Op.BatchNorm lastNorm) {}

    /**
     * What the decisions of a row make of its weights.
     *
     * @param indicators a value a decision, as it is multiplied in: the decision, or 0 where it may not be 1; the gradient passes
     * @param decisions 0 or 1, as the norms and thresholds have it
     * @param weights in the place of the row's own
     * @param excited by the name of the op whose factor it changes
     */
    record Gated(List<NDArray> indicators, double[] decisions, Map<Weight, NDArray> weights,
        Map<String, UnaryOperator<NDArray>> excited) {}

    /**
     * @param largest architecture of the space whose layers all are the largest
     */
    RowKernel(SearchSpace space, NestedRow row, Architecture largest, Norm norm, Gate gate) {
        this.row = row;
        this.norm = norm;
        this.gate = gate;
        List<Op> ops = ops(space.build(largest), row);
        Op.Conv depthwise = ops.stream().filter(Op.Conv.class::isInstance).map(Op.Conv.class::cast)
            .filter(conv -> conv.groups() > 1 && conv.groups() == conv.input().shape().channels()).findFirst().orElseThrow();
        kernel = depthwise.weight();
        String scope = depthwise.name().substring(0, depthwise.name().lastIndexOf('.'));
        thresholds = row.decisions().stream().map(decision -> threshold(scope, decision)).toList();
        List<Map<String, Weight>> byExpansion = new ArrayList<>();
        for (int level = 0; level < row.expansions().size(); level++) {
            int[] values = largest.values();
            values[row.gene()] = ofExpansion(row, level);
            byExpansion.add(ops(space.build(space.architecture(values)), row).stream().filter(Op.Conv.class::isInstance)
                .map(Op.Conv.class::cast).collect(Collectors.toMap(Op.Conv::name, Op.Conv::weight)));
        }
        channels = byExpansion.stream().map(convs -> convs.get(depthwise.name()).dims().get(0)).toList();
        excitation = new HashMap<>();
        excitationConvs(ops).forEach(conv -> excitation.put(conv.weight(), // where none of an expansion is excited, nobody asks
            byExpansion.stream().map(convs -> convs.getOrDefault(conv.name(), conv.weight()).dims().get(1)).toList()));
        List<Op.BatchNorm> norms = ops.stream().filter(Op.BatchNorm.class::isInstance).map(Op.BatchNorm.class::cast).toList();
        Op.BatchNorm last = norms.get(norms.size() - 1);
        ends = new Ends(ops.stream().filter(Op.Conv.class::isInstance).map(Op.Conv.class::cast)
            .filter(conv -> conv.output().equals(last.input())).findFirst().orElseThrow().weight(),
            norms.stream().filter(batchNorm -> batchNorm.input().equals(depthwise.output())).findFirst().orElseThrow(), last);
        scale = ops.stream().filter(Op.ChannelScale.class::isInstance).map(Op::name).findFirst();
    }

    private static List<Op> ops(Network network, NestedRow row) {
        return network.segments().stream().filter(segment -> segment.name().equals(row.layer())).map(Segment::ops).findFirst().orElseThrow();
    }

    /** An option of an expansion, with squeeze-and-excite if one has it. */
    private static int ofExpansion(NestedRow row, int level) {
        return IntStream.range(0, row.options().size()).filter(option -> row.options().get(option).filter(part -> part.expansion() == level)
            .isPresent()).boxed().max(Comparator.comparing(option -> row.options().get(option).orElseThrow().excited())).orElseThrow();
    }

    private Weight threshold(String scope, Decision decision) {
        String of = switch (decision.kind()) {
            case KERNEL -> "kernel" + row.kernels().get(decision.level());
            case EXPANSION -> "expand" + row.expansions().get(decision.level());
            case PRESENCE, EXCITATION -> decision.kind().name().toLowerCase(Locale.ROOT);
        };
        return Weight.whole(new SharedTensor(scope + ".threshold." + of, List.of(1), SharedTensor.Role.BIAS));
    }

    /** The convolutions between a global pool and the factor that it ends in. */
    private static List<Op.Conv> excitationConvs(List<Op> ops) {
        Map<Integer, Op> makers = ops.stream().collect(Collectors.toMap(op -> op.output().id(), op -> op));
        List<Op.Conv> convs = new ArrayList<>();
        ops.stream().filter(Op.ChannelScale.class::isInstance).map(Op.ChannelScale.class::cast).forEach(scale -> {
            Op op = makers.get(scale.factor().id());
            while (!(op instanceof Op.GlobalPool)) {
                if (op instanceof Op.Conv conv) {
                    convs.add(conv);
                }
                op = makers.get(op.inputs().get(0).id());
            }
        });
        return convs;
    }

    NestedRow row() {
        return row;
    }

    /** One value a decision, in their order. */
    List<Weight> thresholds() {
        return thresholds;
    }

    /**
     * Decides and applies the decisions.
     *
     * @param parameters the row's weights and thresholds
     * @param step owns the arrays
     * @param allowed whether a decision may be 1, by its number
     */
    Gated gate(Parameters parameters, NDManager step, IntPredicate allowed) {
        return new Gating(parameters, step, allowed).gated();
    }

    /**
     * How much of the parts is used.
     *
     * @param kernels beyond the smallest
     * @param expansions beyond the smallest
     */
    private record Use(List<NDArray> kernels, List<NDArray> expansions, Optional<NDArray> excitation) {

        /** How much decisions come to a part. */
        NDArray share(Part part) {
            Optional<NDArray> share = Stream.of(ofLevel(kernels, part.kernel()), ofLevel(expansions, part.expansion()),
                excitation.map(on -> part.excited() ? on : rest(on))).flatMap(Optional::stream).reduce(NDArray::mul);
            return share.orElseThrow();
        }

        /** Empty for all of it, where there is only one level. */
        private static Optional<NDArray> ofLevel(List<NDArray> reached, int level) {
            if (reached.isEmpty()) {
                return Optional.empty();
            }
            if (level == 0) {
                return Optional.of(rest(reached.get(0)));
            }
            NDArray here = reached.get(level - 1);
            return Optional.of(level == reached.size() ? here : here.sub(reached.get(level)));
        }

        private static NDArray rest(NDArray of) {
            return of.neg().add(1); // a product with a number keeps memory of Java's for the gradient, which it gives back at once
        }

        /** The same where another part, which holds it, is used in the place of one. */
        Use with(Part missing, Part used, NDArray share) {
            return new Use(more(kernels, missing.kernel(), used.kernel(), share), more(expansions, missing.expansion(), used.expansion(), share),
                excitation.map(on -> used.excited() && !missing.excited() ? on.add(share) : on));
        }

        private static List<NDArray> more(List<NDArray> reached, int from, int to, NDArray share) {
            List<NDArray> more = new ArrayList<>(reached);
            for (int level = from + 1; level <= to; level++) {
                more.set(level - 1, more.get(level - 1).add(share));
            }
            return more;
        }
    }

    /** The decisions of one step. */
    private final class Gating {

        private final Parameters parameters;
        private final NDManager step;
        private final IntPredicate allowed;
        private final List<NDArray> indicators = new ArrayList<>();
        private final List<Double> decisions = new ArrayList<>();

        Gating(Parameters parameters, NDManager step, IntPredicate allowed) {
            this.parameters = parameters;
            this.step = step;
            this.allowed = allowed;
        }

        Gated gated() {
            NDArray whole = parameters.get(kernel);
            List<NDArray> rings = rings();
            List<NDArray> kernels = new ArrayList<>();
            for (int level = 1; level < row.kernels().size(); level++) {
                kernels.add(indicator(whole.mul(rings.get(level)), ringUnit(level)));
            }
            kernels = reached(kernels);
            NDArray decided = kernels.isEmpty() ? whole : whole.mul(used(rings, kernels));
            List<NDArray> expansions = new ArrayList<>();
            for (int level = 1; level < row.expansions().size(); level++) {
                expansions.add(indicator(channels(decided, channels.get(level - 1), channels.get(level)),
                    channelUnit(channels.get(level) - channels.get(level - 1))));
            }
            Optional<NDArray> presence = row.isOmissible()
                ? Optional.of(indicator(channels(decided, 0, channels.get(0)), channelUnit(channels.get(0))))
                : Optional.empty();
            Use use = onOffer(new Use(kernels, reached(expansions),
                row.choosesExcitation() ? Optional.of(excited()) : Optional.empty()));
            Map<Weight, NDArray> weights = new HashMap<>();
            weights.put(kernel, use.kernels() == kernels ? decided : whole.mul(used(rings, use.kernels())));
            apply(use.expansions(), weights);
            presence.ifPresent(present -> leaveOut(present, weights));
            return new Gated(indicators, decisions.stream().mapToDouble(Double::doubleValue).toArray(), weights,
                use.excitation().map(this::excites).orElse(Map.of()));
        }

        private void apply(List<NDArray> expansions, Map<Weight, NDArray> weights) {
            if (!expansions.isEmpty() && gate == Gate.OUTPUT) {
                multiply(weights, ends.project(), channelGate(channels, expansions, 1));
            } else if (!expansions.isEmpty()) {
                NDArray on = channelGate(channels, expansions, 0);
                multiply(weights, kernel, on);
                if (!excitation.isEmpty()) {
                    multiply(weights, ends.depthwiseNorm().shift(), on.reshape(-1));
                }
            }
            excitation.forEach((conv, inputs) -> {
                if (inputs.stream().distinct().count() > 1) {
                    multiply(weights, conv, channelGate(inputs, expansions, 1));
                }
            });
        }

        private void leaveOut(NDArray presence, Map<Weight, NDArray> weights) {
            multiply(weights, ends.lastNorm().shift(), presence.reshape(1));
            if (gate == Gate.OUTPUT) {
                multiply(weights, ends.lastNorm().scale(), presence.reshape(1));
            } else {
                multiply(weights, kernel, presence);
            }
        }

        private void multiply(Map<Weight, NDArray> weights, Weight weight, NDArray factor) {
            weights.compute(weight, (key, before) -> (before == null ? parameters.get(weight) : before).mul(factor));
        }

        /** The last decision. */
        private NDArray excited() {
            NDArray squares = step.create(NO_ROOT_OF_ZERO);
            double unit = 0;
            for (Weight conv : excitation.keySet().stream().sorted(Comparator.comparing(conv -> conv.tensor().name())).toList()) {
                squares = squares.add(parameters.get(conv).mul(parameters.get(conv)).sum());
                unit += norm.square(conv.tensor(), conv.elements());
            }
            return decide(squares.sqrt(), norm.unit(unit));
        }

        private Map<String, UnaryOperator<NDArray>> excites(NDArray excitation) {
            return Map.of(scale.orElseThrow(), factor -> {
                NDArray one = step.ones(new Shape(1, 1, 1, 1));
                return factor.sub(one).mul(excitation).add(one);
            });
        }

        /** What decisions come to, with what is on offer in the place of what is not. */
        private Use onOffer(Use decided) {
            Use use = decided;
            for (Part missing : row.missing()) {
                use = use.with(missing, row.used(missing), decided.share(missing));
            }
            return use;
        }

        private double ringUnit(int level) {
            int inner = row.kernels().get(level - 1);
            int outer = row.kernels().get(level);
            return norm.unit(norm.square(kernel.tensor(), (long) kernel.dims().get(0) * (outer * outer - inner * inner)));
        }

        private double channelUnit(int count) {
            int side = kernel.dims().get(2);
            return norm.unit(norm.square(kernel.tensor(), (long) count * side * side));
        }

        private NDArray indicator(NDArray part, double unit) {
            return decide(part.mul(part).sum().add(step.create(NO_ROOT_OF_ZERO)).sqrt(), unit);
        }

        /** The indicator of a norm, as an array of four axes: exactly 0 or 1 forwards, backwards a sigmoid. */
        private NDArray decide(NDArray length, double unit) {
            Weight threshold = thresholds.get(indicators.size());
            NDArray above = length.reshape(1).mul(step.create(new float[]{(float) (1 / unit)})).sub(parameters.get(threshold));
            double decision = above.getFloat() >= 0 ? 1 : 0;
            decisions.add(decision);
            NDArray indicator = step.zeros(new Shape(1));
            if (allowed.test(indicators.size())) {
                NDArray soft = Activation.sigmoid(above);
                indicator = soft.sub(soft.stopGradient()).add(step.create(new float[]{(float) decision}));
            }
            indicators.add(indicator);
            return indicator.reshape(1, 1, 1, 1);
        }

        /** 1 on the smallest kernel and on each ring around the one before. */
        private List<NDArray> rings() {
            int side = kernel.dims().get(2);
            List<NDArray> rings = new ArrayList<>();
            for (int level = 0; level < row.kernels().size(); level++) {
                float[] mask = new float[side * side];
                int inner = level == 0 ? 0 : row.kernels().get(level - 1);
                for (int i = 0; i < mask.length; i++) {
                    int off = Math.max(Math.abs(2 * (i / side) + 1 - side), Math.abs(2 * (i % side) + 1 - side)) + 1;
                    mask[i] = off > inner && off <= row.kernels().get(level) ? 1 : 0;
                }
                rings.add(step.create(mask, new Shape(1, 1, side, side)));
            }
            return rings;
        }

        /** How much of every channel along an axis is used, given how many of them each expansion has. */
        private NDArray channelGate(List<Integer> counts, List<NDArray> expansions, int axis) {
            int last = counts.get(counts.size() - 1);
            List<NDArray> masks = new ArrayList<>();
            for (int level = 0; level < counts.size(); level++) {
                float[] mask = new float[last];
                for (int i = level == 0 ? 0 : counts.get(level - 1); i < counts.get(level); i++) {
                    mask[i] = 1;
                }
                masks.add(step.create(mask, axis == 0 ? new Shape(last, 1, 1, 1) : new Shape(1, last, 1, 1)));
            }
            return used(masks, expansions);
        }

        /** How far each level is reached: as far as all indicators up to its own have it. */
        private static List<NDArray> reached(List<NDArray> indicators) {
            List<NDArray> reached = new ArrayList<>();
            indicators.forEach(indicator -> reached.add(reached.isEmpty() ? indicator : reached.get(reached.size() - 1).mul(indicator)));
            return reached;
        }

        /** The first mask, and each other one as far as it is reached. */
        private static NDArray used(List<NDArray> masks, List<NDArray> reached) {
            NDArray sum = masks.get(0);
            for (int level = 1; level < masks.size(); level++) {
                sum = sum.add(masks.get(level).mul(reached.get(level - 1)));
            }
            return sum;
        }

        private static NDArray channels(NDArray part, int from, int to) {
            return part.get(new NDIndex().addSliceDim(from, to));
        }
    }
}
