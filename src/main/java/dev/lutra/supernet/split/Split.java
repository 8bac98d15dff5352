package dev.lutra.supernet.split;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.curriculum.Curriculum.Span;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Transition;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * From now on there are several supernets, one for every combination of options in some genes, which all begin with the weights as they are
 * (Zhao et al. 2021, few-shot NAS). An architecture is trained and judged in the one that has its options.
 *
 * @param by genes or layers
 */
public record Split(List<String> by) implements Transition {

    /** What it is called in files. */
    public static final String NAME = "split";

    private static final int MOST_PARTS = 64;

    public Split {
        by = List.copyOf(by);
    }

    /** As a file gives it. */
    public static Split of(LayeredSettings settings) {
        return read(settings.get("by"));
    }

    /** @param by a gene or layer, or a list of them */
    public static Split read(YamlNode by) {
        return new Split(by.isList() ? by.items().stream().map(YamlNode::text).toList() : List.of(by.text()));
    }

    @Override
    public SearchSpace trained(SearchSpace space) {
        return space instanceof SplitSpace ? space : of(space);
    }

    /**
     * The space whose networks have the weights that there are in the course of a training.
     *
     * @param trained as {@link Curriculum#trained} gives it
     * @param done epochs, with what follows their phases
     */
    public static SearchSpace at(SearchSpace trained, Curriculum curriculum, int done, int epochs) {
        return trained instanceof SplitSpace split && curriculum.spans(epochs).stream().anyMatch(span -> divides(span) && done < span.end())
            ? split.whole()
            : trained;
    }

    private static boolean divides(Span span) {
        return span.phase().then().stream().anyMatch(Split.class::isInstance);
    }

    private SplitSpace of(SearchSpace space) {
        return new SplitSpace(space, genes(space));
    }

    private List<Integer> genes(GeneSpace space) {
        return IntStream.range(0, space.genes().size())
            .filter(gene -> by.stream().anyMatch(text -> space.genes().get(gene).name().equals(text) || space.genes().get(gene).layer().equals(text)))
            .boxed().toList();
    }

    @Override
    public Options apply(PhaseEnd end) {
        end.weights().divide(of(end.surviving().space()).parts(end.surviving()));
        return end.surviving();
    }

    @Override
    public Optional<String> problemIn(SearchSpace space) {
        Optional<String> unknown = by.stream()
            .filter(text -> space.genes().stream().noneMatch(gene -> gene.name().equals(text) || gene.layer().equals(text))).findFirst();
        if (unknown.isPresent()) {
            return Optional.of("split by " + unknown.get() + " (expected: genes or layers of " + space.name() + ", such as "
                + space.genes().get(0).name() + ")");
        }
        double parts = genes(space).stream().mapToDouble(gene -> space.genes().get(gene).size()).reduce(1, (one, other) -> one * other);
        return parts < 2 || parts > MOST_PARTS
            ? Optional.of(String.format(Locale.ROOT, "split into %.0f supernets (expected: 2 to %d)", parts, MOST_PARTS))
            : Optional.empty();
    }

    @Override
    public Optional<String> problemBefore(List<Transition> more, List<Phase> later) {
        if (later.isEmpty()) {
            return Optional.of("split after the last phase (expected: before another phase)");
        }
        if (!more.isEmpty()) {
            return Optional.of("split before something else at the end of one phase (expected: last there)");
        }
        if (later.stream().anyMatch(phase -> phase.sampling().isOnePath())) {
            return Optional.of("split before a phase that trains one path (expected: after it)");
        }
        boolean handsOn = later.stream().flatMap(phase -> phase.then().stream())
            .anyMatch(next -> next.givesFirstValues() || next instanceof Split);
        return handsOn
            ? Optional.of("split before weights are handed on or split again (expected: once, after that)")
            : Optional.empty();
    }

    /** Copies never were at their own first values. */
    @Override
    public boolean givesFirstValues() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME).put(key + ".by", String.join(" ", by));
    }
}
