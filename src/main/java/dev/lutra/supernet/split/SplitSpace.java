package dev.lutra.supernet.split;

import dev.lutra.ImageSize;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceOver;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A space whose networks share weights only with those that have the same options in some genes: a tensor's name ends in these options.
 * Nothing else differs from the space that it splits.
 *
 * @param whole the space
 * @param by positions of the genes
 */
public record SplitSpace(SearchSpace whole, List<Integer> by) implements SpaceOver {

    public SplitSpace {
        by = List.copyOf(by);
    }

    @Override
    public Network build(Architecture architecture) {
        String part = part(architecture.values());
        return whole.build(architecture).withWeights(weight -> weight.renamed(weight.tensor().name() + part));
    }

    /** What ends the names of the tensors of these gene values. */
    private String part(int[] values) {
        return by.stream().map(gene -> {
            Gene split = genes().get(gene);
            return split.name() + ":" + split.options().get(values[gene]).name();
        }).collect(Collectors.joining(",", "@", ""));
    }

    /** What ends the names of the tensors of every part that has architectures of these options. */
    List<String> parts(Options options) {
        return inEveryPart(new int[genes().size()], options).map(this::part).toList();
    }

    /** Gene values with every combination of options in the genes that split the space. */
    private Stream<int[]> inEveryPart(int[] values, Options options) {
        Stream<int[]> all = Stream.of(values);
        for (int gene : by) {
            all = all.flatMap(others -> IntStream.of(options.of(gene)).mapToObj(position -> {
                int[] own = others.clone();
                own[gene] = position;
                return own;
            }));
        }
        return all;
    }

    /** Those of the whole space in every part. */
    @Override
    public List<Network> everyOption() {
        int most = genes().stream().mapToInt(Gene::size).max().orElse(1);
        return IntStream.range(0, most)
            .mapToObj(option -> genes().stream().mapToInt(gene -> Math.min(option, gene.size() - 1)).toArray())
            .flatMap(values -> inEveryPart(values, Options.all(this))).map(values -> build(architecture(values))).toList();
    }

    @Override
    public String fingerprint() {
        return NamedValues.builder().put("space", whole.fingerprint())
            .put("split", by.stream().map(gene -> genes().get(gene).name()).collect(Collectors.joining(" "))).build().fingerprint("space", 1);
    }

    @Override
    public SearchSpace withClasses(int classes) {
        return new SplitSpace(whole.withClasses(classes), by);
    }

    @Override
    public SearchSpace withImageSize(ImageSize size) {
        return new SplitSpace(whole.withImageSize(size), by);
    }
}
