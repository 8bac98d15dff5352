package dev.lutra.space;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** Some options of every gene of a space, at least one of each. Instances are immutable. */
public final class Options {

    private final GeneSpace genes;
    private final List<BitSet> positions;

    private Options(GeneSpace genes, List<BitSet> positions) {
        this.genes = genes;
        this.positions = positions;
    }

    /** Every option of every gene. */
    public static Options all(GeneSpace space) {
        return select(space, (gene, position) -> true);
    }

    /** The options that an architecture has. */
    public static Options only(GeneSpace space, Architecture architecture) {
        return select(space, (gene, position) -> architecture.value(gene) == position);
    }

    /**
     * Every option of some genes, and of the others what an architecture has.
     *
     * @param open the genes of which every option stays
     */
    public static Options around(GeneSpace space, Architecture architecture, Predicate<Gene> open) {
        return select(space, (gene, position) -> open.test(space.genes().get(gene)) || architecture.value(gene) == position);
    }

    /**
     * Those that are left after some were dropped.
     *
     * @param names as {@link #named} takes them; empty if none was dropped
     * @throws IllegalArgumentException if they are not those of the space
     */
    public static Options left(GeneSpace space, List<List<String>> names) {
        return names.isEmpty() ? all(space) : named(space, names);
    }

    /**
     * The options of these names.
     *
     * @param names as {@link #names} gives them
     * @throws IllegalArgumentException if they are not those of the space
     */
    public static Options named(GeneSpace space, List<List<String>> names) {
        if (names.size() != space.genes().size()) {
            throw new IllegalArgumentException(
                names.size() + " genes (expected: " + space.genes().size() + ", as " + space.name() + " has)");
        }
        Options options = select(space,
            (gene, position) -> names.get(gene).contains(space.genes().get(gene).options().get(position).name()));
        for (int gene = 0; gene < names.size(); gene++) {
            if (names.get(gene).isEmpty() || options.positions.get(gene).cardinality() != names.get(gene).size()) {
                throw new IllegalArgumentException(space.genes().get(gene).name() + ": " + names.get(gene)
                    + " (expected: some of its options in " + space.name() + ")");
            }
        }
        return options;
    }

    private static Options select(GeneSpace space, BiPredicate<Integer, Integer> selected) {
        List<BitSet> positions = new ArrayList<>();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            BitSet offered = new BitSet();
            for (int position = 0; position < space.genes().get(gene).size(); position++) {
                offered.set(position, selected.test(gene, position));
            }
            positions.add(offered);
        }
        return new Options(space, List.copyOf(positions));
    }

    /** The space whose genes these are options of. */
    public GeneSpace genes() {
        return genes;
    }

    /**
     * The space whose networks have these options.
     *
     * @throws IllegalStateException if they are of a table's architectures, which are no networks
     */
    public SearchSpace space() {
        if (genes instanceof SearchSpace space) {
            return space;
        }
        throw new IllegalStateException(genes.name() + ": has no networks (expected: a space that has)");
    }

    /** Positions in the options of gene {@code gene}, ascending. */
    public int[] of(int gene) {
        return positions.get(gene).stream().toArray();
    }

    /** Whether nothing is left out. */
    public boolean areAll() {
        return equals(all(genes));
    }

    /** An architecture whose every gene is drawn uniformly. */
    public Architecture draw(RandomGenerator random) {
        int[] values = new int[positions.size()];
        for (int gene = 0; gene < values.length; gene++) {
            int[] offered = of(gene);
            values[gene] = offered[random.nextInt(offered.length)];
        }
        return genes.architecture(values);
    }

    /**
     * The architecture of these values, in which an option that is left out gives way to the gene's first that is not.
     *
     * @param values for every gene the position in its options
     */
    public Architecture nearest(int[] values) {
        int[] offered = values.clone();
        for (int gene = 0; gene < offered.length; gene++) {
            BitSet left = positions.get(gene);
            offered[gene] = left.get(offered[gene]) ? offered[gene] : left.nextSetBit(0);
        }
        return genes.architecture(offered);
    }

    /** Whether an architecture can be made of these; what its canonical form says of a gene that no layer of it uses is no matter. */
    public boolean make(Architecture architecture) {
        return nearest(architecture.values()).equals(architecture);
    }

    /**
     * These without one; the last one of a gene stays.
     *
     * @param position in the options of the gene
     */
    public Options without(int gene, int position) {
        return select(genes, (g, p) -> positions.get(g).get(p)
            && !(g == gene && p == position && positions.get(g).cardinality() > 1));
    }

    /**
     * What is in these and in the others.
     *
     * @throws IllegalArgumentException naming the gene, if they have none of its options in common
     */
    public Options and(Options others) {
        Options both = select(genes, (gene, position) -> positions.get(gene).get(position) && others.positions.get(gene).get(position));
        for (int gene = 0; gene < positions.size(); gene++) {
            if (both.positions.get(gene).isEmpty()) {
                throw new IllegalArgumentException(genes.genes().get(gene).name() + ": " + others.names().get(gene) + " (expected: one of "
                    + names().get(gene) + ")");
            }
        }
        return both;
    }

    /** What is in these or in the others. */
    public Options or(Options others) {
        return select(genes, (gene, position) -> positions.get(gene).get(position) || others.positions.get(gene).get(position));
    }

    /** These without channel scales above a limit; of a gene whose scales are all above it, the smallest stays. */
    public Options scaledAtMost(double widest) {
        return select(genes, (gene, position) -> {
            Gene described = genes.genes().get(gene);
            return positions.get(gene).get(position) && (!described.isScale()
                || described.scale(position) <= Math.max(widest, smallestScale(gene)));
        });
    }

    /** These with the largest channel scales only, at most so many of every gene that has scales. */
    public Options largestScales(int count) {
        return select(genes, (gene, position) -> positions.get(gene).get(position)
            && (!genes.genes().get(gene).isScale() || largerScales(gene, position) < count));
    }

    private long largerScales(int gene, int position) {
        Gene described = genes.genes().get(gene);
        return positions.get(gene).stream().filter(other -> described.scale(other) > described.scale(position)).count();
    }

    private double smallestScale(int gene) {
        return positions.get(gene).stream().mapToDouble(genes.genes().get(gene)::scale).min().orElseThrow();
    }

    /** Names of the options, gene by gene. */
    public List<List<String>> names() {
        List<List<String>> names = new ArrayList<>();
        for (int gene = 0; gene < positions.size(); gene++) {
            List<Gene.Option> options = genes.genes().get(gene).options();
            names.add(positions.get(gene).stream().mapToObj(position -> options.get(position).name()).toList());
        }
        return names;
    }

    /** Of the same space and with the same options. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Options that && genes.name().equals(that.genes.name()) && positions.equals(that.positions);
    }

    @Override
    public int hashCode() {
        return positions.hashCode();
    }

    @Override
    public String toString() {
        return names().toString();
    }
}
