package dev.lutra.supernet.curriculum;

import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * From one trained path to a supernet: every option that the path does not take starts from the weights of the one that it
 * takes, as a wider or deeper network does from a smaller one (Chen et al. 2016, Net2Net). Options with first values of
 * their own give a layer after them as many unrelated representations as there are paths to it, and it learns from none.
 * {@link Kinship} says what starts from what.
 */
final class Inheritance {

    /** An identity has a tenth of the usual first values on it, so that channels that begin as copies part. */
    private static final float NOISE = 0.1f;

    private Inheritance() {}

    /** Hands the weights of a path on to all options that it does not take. */
    static void handOn(Architecture path, SearchSpace space, SupernetWeights weights) {
        List<Segment> trained = space.build(path).segments();
        for (Architecture other : everyTensor(path, space)) {
            List<Segment> segments = space.build(other).segments();
            for (int i = 0; i < trained.size(); i++) {
                handOn(trained.get(i), segments.get(i), weights);
            }
        }
    }

    /**
     * Architectures that together have every tensor of the space, near ones first: single changes of the path; two changes of
     * one place, made in all its genes of a kind, as in a cell an operation's weights depend on what it reads, and on which
     * side it stands on both; and one option for all genes, which leaves unread what the path reads. Sorted by what they are
     * called, so that the order of options in a file does not matter.
     */
    private static List<Architecture> everyTensor(Architecture path, SearchSpace space) {
        List<Gene> genes = space.genes();
        Set<Architecture> single = new HashSet<>();
        Set<Architecture> twice = new HashSet<>();
        for (int gene = 0; gene < genes.size(); gene++) {
            for (int option = 0; option < genes.get(gene).size(); option++) {
                int[] values = path.values();
                values[gene] = option;
                single.add(space.architecture(values));
                String place = place(genes.get(gene));
                for (int second = gene + 1; second < genes.size() && place(genes.get(second)).equals(place); second++) {
                    for (int other = 0; other < genes.get(second).size(); other++) {
                        int[] both = path.values();
                        setAlike(both, genes, gene, option);
                        setAlike(both, genes, second, other);
                        twice.add(space.architecture(both));
                    }
                }
            }
        }
        Set<Architecture> alike = new HashSet<>();
        for (int i = 0; i < genes.stream().mapToInt(Gene::size).max().orElse(0); i++) {
            int option = i;
            alike.add(space.architecture(genes.stream().mapToInt(gene -> Math.min(option, gene.size() - 1)).toArray()));
        }
        List<Architecture> all = new ArrayList<>();
        for (Set<Architecture> some : List.of(single, twice, alike)) {
            some.stream().sorted(Comparator.comparing(Architecture::toString)).forEach(all::add);
        }
        return all;
    }

    /** Sets a gene, and those of its place that have the same options. */
    private static void setAlike(int[] values, List<Gene> genes, int gene, int option) {
        for (int other = 0; other < values.length; other++) {
            boolean alike = place(genes.get(other)).equals(place(genes.get(gene)))
                && genes.get(other).options().equals(genes.get(gene).options());
            values[other] = alike ? option : values[other];
        }
    }

    /** Of {@code normal.node2.op1} it is {@code normal.node2}. */
    private static String place(Gene gene) {
        return gene.name().substring(0, Math.max(0, gene.name().lastIndexOf('.')));
    }

    private static void handOn(Segment trained, Segment other, SupernetWeights weights) {
        Kinship kinship = Kinship.of(trained, other);
        kinship.parents().forEach((heir, parent) -> inherit(heir, parent, weights));
        kinship.passing().forEach(conv -> weights.start(conv, identity(conv, weights.read(Weight.whole(conv)))));
        kinship.still().forEach(tensor -> weights.start(tensor, new float[Math.toIntExact(tensor.elements())]));
    }

    private static void inherit(SharedTensor heir, SharedTensor from, SupernetWeights weights) {
        if (weights.isLearned(from)) {
            weights.start(heir, values(heir, weights.read(Weight.whole(heir)), from, weights.read(Weight.whole(from))));
        }
    }

    /**
     * A convolution that passes its input on: its own centre tap, channel by channel, as far as there are both, and a little of
     * its first values.
     */
    static float[] identity(SharedTensor conv, float[] first) {
        int in = conv.dims().get(1);
        int kernel = conv.dims().get(2);
        float[] values = new float[first.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = NOISE * first[i];
        }
        for (int out = 0; out < conv.dims().get(0); out++) {
            values[((out * in + out % in) * kernel + kernel / 2) * kernel + kernel / 2] += 1;
        }
        return values;
    }

    /**
     * Values of an heir: channels that both have are the parent's, further ones keep their first values. A kernel has the
     * parent's around its centre; where it is larger, it is 0, so that it does what the parent's did.
     *
     * @param first values of the heir; not changed
     * @param parent values of what it inherits from
     */
    static float[] values(SharedTensor heir, float[] first, SharedTensor from, float[] parent) {
        float[] values = first.clone();
        int rank = heir.dims().size();
        int spatial = heir.role() == Role.CONV_WEIGHT ? rank - 2 : rank; // the first dimension of a kernel's extent
        int[] index = new int[rank];
        for (int i = 0; i < values.length; i++) {
            int at = 0;
            boolean channel = true;
            boolean tap = true;
            for (int d = 0; d < rank; d++) {
                int extent = from.dims().get(d);
                int position = index[d] - (d < spatial ? 0 : Math.floorDiv(heir.dims().get(d) - extent, 2));
                boolean within = position >= 0 && position < extent;
                channel &= within || d >= spatial;
                tap &= within || d < spatial;
                at = at * extent + position;
            }
            if (channel) {
                values[i] = tap ? parent[at] : 0;
            }
            for (int d = rank - 1; d >= 0 && ++index[d] == heir.dims().get(d); d--) {
                index[d] = 0;
            }
        }
        return values;
    }
}
