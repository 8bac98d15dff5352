package dev.lutra.supernet.superkernel;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.NamedBlock;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.StagedSpace;
import dev.lutra.space.block.MbBlock;
import dev.lutra.space.block.SkipBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A layer whose options are parts of one inverted bottleneck: the centre of its kernel, the first of its inner channels, it without
 * its squeeze-and-excite, or none of it. Which part is used follows from decisions that each are 0 or 1, or anything in between
 * where a gradient is wanted: a larger kernel or expansion is used where all smaller ones are. What decisions come to may not be on offer;
 * it then stands for the smallest part on offer that holds it.
 *
 * @param layer its name
 * @param gene its number in the space
 * @param kernels sides on offer, ascending
 * @param expansions on offer, ascending
 * @param options what the gene's options use; empty for the layer left out
 */
record NestedRow(String layer, int gene, List<Integer> kernels, List<Double> expansions, List<Optional<Part>> options) {

    /**
     * What one option uses.
     *
     * @param kernel position in {@link #kernels}
     * @param expansion position in {@link #expansions}
     * @param excited whether squeeze-and-excite is part of it
     */
    record Part(int kernel, int expansion, boolean excited) {

        /** Whether another one holds all of this. */
        boolean isIn(Part other) {
            return kernel <= other.kernel && expansion <= other.expansion && (other.excited || !excited);
        }

        private int size() {
            return kernel + expansion + (excited ? 1 : 0);
        }
    }

    /** What a decision is about. */
    enum Kind {
        /** A ring of the kernel (t5x5). */
        KERNEL,
        /** Inner channels beyond those of the expansion before (t100c). */
        EXPANSION,
        /** The block at all (t50c). */
        PRESENCE,
        /** The squeeze-and-excite path. */
        EXCITATION
    }

    /**
     * One decision.
     *
     * @param level position of the kernel or expansion that it adds; 0 for others
     */
    record Decision(Kind kind, int level) {}

    NestedRow {
        kernels = List.copyOf(kernels);
        expansions = List.copyOf(expansions);
        options = List.copyOf(options);
    }

    /**
     * The rows of a space, one a gene.
     *
     * @throws InputException naming the row whose options are no parts of one block, or the space if its genes are not those of rows
     */
    static List<NestedRow> of(SearchSpace space) {
        if (!(space instanceof StagedSpace staged)) {
            throw new InputException(space.name() + ": cells (expected: rows of nested inverted bottlenecks)");
        }
        List<NestedRow> rows = new ArrayList<>();
        for (StagedSpace.Layer layer : staged.table()) {
            if (layer.searchable()) {
                requireNested(layer);
                rows.add(row(layer, rows.size()));
            }
        }
        if (rows.isEmpty()) {
            throw new InputException(space.name() + ": no row with a choice (expected: rows of nested inverted bottlenecks)");
        }
        return List.copyOf(rows);
    }

    private static void requireNested(StagedSpace.Layer layer) {
        require(layer, layer.scales().isEmpty(), "channel scales", "none: expansions are its widths");
        require(layer, layer.bits().isEmpty(), "bits to choose", "none: rows of kernels have one precision");
        List<NamedBlock> blocks = layer.options().stream().filter(option -> !isSkip(option)).toList();
        blocks.stream().filter(option -> !(option.block() instanceof MbBlock)).findFirst()
            .ifPresent(option -> require(layer, false, option.name() + (option.block() instanceof SkipBlock ? " projects" : ""),
                "parts of one inverted bottleneck, or skip where the shape stays"));
        require(layer, !blocks.isEmpty(), "no block", "an inverted bottleneck");
        boolean omissible = blocks.size() < layer.options().size();
        boolean isElastic = blocks.stream().map(NestedRow::expansion).distinct().count() > 1;
        NamedBlock first = blocks.get(0);
        for (NamedBlock block : blocks) {
            MbBlock mb = (MbBlock) block.block();
            difference(mb, (MbBlock) first.block()).ifPresent(key -> require(layer, false, first.name() + " and " + block.name() + " differ in "
                + key, "options that differ in kernel, expand and se alone"));
            require(layer, mb.depthwise().repeats() == 1, block.name() + " has " + mb.depthwise().repeats() + " depthwise convolutions", "one");
            require(layer, !omissible || mb.residual(), block.name() + " has no shortcut", "one, as skip is among the options");
            require(layer, !isElastic || mb.groups() == 1, block.name() + " has " + mb.groups() + " groups",
                "1: smaller expansions are the first channels of the largest");
            require(layer, SharedRows.areShared(blocks) || !isElastic || mb.expansion().ratio() != 1 || mb.expansion().convolvesAlways(),
                block.name() + " has no first 1x1 convolution, as its expansion is 1", "expand-at-1: true, or larger expansions alone");
        }
        requireOneExcitation(layer, blocks);
    }

    private static void requireOneExcitation(StagedSpace.Layer layer, List<NamedBlock> blocks) {
        List<NamedBlock> excited = blocks.stream().filter(option -> ((MbBlock) option.block()).squeezeExcite().isPresent()).toList();
        excited.stream().filter(option -> !((MbBlock) option.block()).squeezeExcite().equals(((MbBlock) excited.get(0).block()).squeezeExcite()))
            .findFirst().ifPresent(other -> require(layer, false, excited.get(0).name() + " and " + other.name() + " differ in squeeze-excite",
                "the same for all, its ratio of scaled-channels"));
    }

    static boolean isSkip(NamedBlock option) {
        return option.block() instanceof SkipBlock skip && !skip.projects();
    }

    private static double expansion(NamedBlock option) {
        return ((MbBlock) option.block()).expansion().ratio();
    }

    /** The key of space files by which they are no parts of one block. */
    private static Optional<String> difference(MbBlock one, MbBlock other) {
        if (one.activation() != other.activation()) {
            return Optional.of("activation");
        }
        if (one.groups() != other.groups()) {
            return Optional.of("groups");
        }
        if (one.expansion().convolvesAlways() != other.expansion().convolvesAlways()) {
            return Optional.of("expand-at-1");
        }
        return one.residual() == other.residual() ? Optional.empty() : Optional.of("residual");
    }

    private static NestedRow row(StagedSpace.Layer layer, int gene) {
        List<Optional<MbBlock>> blocks = layer.options().stream()
            .map(option -> Optional.of(option.block()).filter(MbBlock.class::isInstance).map(MbBlock.class::cast)).toList();
        List<MbBlock> present = blocks.stream().flatMap(Optional::stream).toList();
        List<Integer> kernels = ascending(present.stream().map(block -> block.depthwise().kernel()).toList());
        List<Double> expansions = ascending(present.stream().map(block -> block.expansion().ratio()).toList());
        NestedRow row = new NestedRow(layer.name(), gene, kernels, expansions,
            blocks.stream().map(option -> option.map(block -> new Part(kernels.indexOf(block.depthwise().kernel()),
                expansions.indexOf(block.expansion().ratio()), block.squeezeExcite().isPresent()))).toList());
        for (int option = 0; option < row.options.size(); option++) {
            int other = row.options.indexOf(row.options.get(option));
            require(layer, other == option, layer.options().get(other).name() + " and " + layer.options().get(option).name() + " are alike",
                "every combination of kernel, expand and se once");
        }
        require(layer, row.options.contains(Optional.of(row.largest())), "no option of kernel " + kernels.get(kernels.size() - 1) + ", expand "
            + expansions.get(expansions.size() - 1) + (row.largest().excited() ? " and se" : ""),
            "one, as all others are parts of it: it is what is trained");
        return row;
    }

    private static <T> List<T> ascending(Collection<T> values) {
        return List.copyOf(new TreeSet<>(values));
    }

    private static void require(StagedSpace.Layer layer, boolean holds, String found, String expected) {
        if (!holds) {
            throw new InputException(layer.name() + ": " + found + " (expected: " + expected + ")");
        }
    }

    /** Whether the layer may be left out. */
    boolean isOmissible() {
        return options.contains(Optional.<Part>empty());
    }

    /** Whether squeeze-and-excite is in some options and not in others. */
    boolean choosesExcitation() {
        return options.stream().flatMap(Optional::stream).map(Part::excited).distinct().count() == 2;
    }

    /** The decisions, in the order in which values of them are given here. */
    List<Decision> decisions() {
        List<Decision> decisions = new ArrayList<>();
        IntStream.range(1, kernels.size()).forEach(level -> decisions.add(new Decision(Kind.KERNEL, level)));
        IntStream.range(1, expansions.size()).forEach(level -> decisions.add(new Decision(Kind.EXPANSION, level)));
        if (isOmissible()) {
            decisions.add(new Decision(Kind.PRESENCE, 0));
        }
        if (choosesExcitation()) {
            decisions.add(new Decision(Kind.EXCITATION, 0));
        }
        return decisions;
    }

    /** What decisions may come to, on offer or not. */
    private List<Part> combinations() {
        List<Boolean> excitations = choosesExcitation() ? List.of(false, true) : List.of(largest().excited());
        List<Part> parts = new ArrayList<>();
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            for (int expansion = 0; expansion < expansions.size(); expansion++) {
                for (boolean excited : excitations) {
                    parts.add(new Part(kernel, expansion, excited));
                }
            }
        }
        return parts;
    }

    /** Combinations that are not on offer. */
    List<Part> missing() {
        return combinations().stream().filter(part -> !options.contains(Optional.of(part))).toList();
    }

    /** Position of the option that a part stands for: itself, or the smallest that holds it, of two the one that comes first. */
    int position(Part part) {
        return IntStream.range(0, options.size()).filter(option -> options.get(option).filter(part::isIn).isPresent()).boxed()
            .min(Comparator.comparingInt(option -> options.get(option).orElseThrow().size())).orElseThrow();
    }

    /** What is used where decisions come to a part. */
    Part used(Part part) {
        return options.get(position(part)).orElseThrow();
    }

    /** All values of 0 and 1 that the decisions may have together. */
    Stream<double[]> everyDecision() {
        int count = decisions().size();
        return IntStream.range(0, 1 << count).mapToObj(bits -> IntStream.range(0, count).mapToDouble(place -> bits >> place & 1).toArray());
    }

    /** The part that holds all others. */
    Part largest() {
        return new Part(kernels.size() - 1, expansions.size() - 1, options.stream().flatMap(Optional::stream).anyMatch(Part::excited));
    }

    /**
     * How much of each kernel is used.
     *
     * @param decisions values of them, in order
     */
    double[] kernelShares(double[] decisions) {
        return levelShares(decisions, 0, kernels.size());
    }

    /** How much of each expansion is used. */
    double[] expansionShares(double[] decisions) {
        return levelShares(decisions, kernels.size() - 1, expansions.size());
    }

    private static double[] levelShares(double[] decisions, int first, int levels) {
        double[] shares = new double[levels];
        double reached = 1;
        for (int level = 0; level < levels - 1; level++) {
            shares[level] = reached * (1 - decisions[first + level]);
            reached *= decisions[first + level];
        }
        shares[levels - 1] = reached;
        return shares;
    }

    /** How much of the block is used. */
    double presence(double[] decisions) {
        return isOmissible() ? decisions[kernels.size() + expansions.size() - 2] : 1;
    }

    /** How much of squeeze-and-excite is used. */
    double excitation(double[] decisions) {
        return choosesExcitation() ? decisions[decisions.length - 1] : largest().excited() ? 1 : 0;
    }

    /** How much of every option is used, by position; at decisions of 0 and 1 one is used and no other. */
    double[] shares(double[] decisions) {
        double[] kernel = kernelShares(decisions);
        double[] expansion = expansionShares(decisions);
        double presence = presence(decisions);
        double excitation = excitation(decisions);
        double[] shares = new double[options.size()];
        for (Part part : combinations()) {
            shares[position(part)] += presence * kernel[part.kernel()] * expansion[part.expansion()]
                * (part.excited() ? excitation : 1 - excitation);
        }
        if (isOmissible()) {
            shares[options.indexOf(Optional.<Part>empty())] = 1 - presence;
        }
        return shares;
    }

    /** The architecture of decisions of 0 and 1, by row. */
    static Architecture architecture(SearchSpace space, List<NestedRow> rows, List<double[]> decisions) {
        int[] values = new int[space.genes().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Arrays.stream(rows.get(i).shares(decisions.get(i))).boxed().toList().indexOf(1.0);
        }
        return space.architecture(values);
    }

    /** The architecture whose every layer is the largest. */
    static Architecture largest(SearchSpace space, List<NestedRow> rows) {
        return space.architecture(rows.stream().mapToInt(row -> row.position(row.largest())).toArray());
    }
}
