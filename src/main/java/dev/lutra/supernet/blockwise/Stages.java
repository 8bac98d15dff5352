package dev.lutra.supernet.blockwise;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.network.Value;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A space cut into stages that know nothing of each other: a new one begins where a segment makes images smaller. What comes before the first
 * segment with genes, and after the last, is the same for all networks and belongs to none.
 *
 * @param all in order, at least two
 * @param segments of a network
 */
public record Stages(List<Stage> all, int segments) {

    /**
     * A stage.
     *
     * @param from number of its first segment
     * @param to number of the segment after its last
     * @param genes that shape it, in ascending order
     */
    public record Stage(int from, int to, List<Integer> genes) {
        public Stage {
            genes = List.copyOf(genes);
        }

        /** Its part of a network. */
        public Network of(Network network) {
            return network.part("stage", from, to);
        }
    }

    public Stages {
        all = List.copyOf(all);
    }

    /**
     * The stages of a space.
     *
     * @throws InputException if it has none
     */
    public static Stages of(SearchSpace space) {
        Optional<List<List<Integer>>> genes = space.segmentGenes();
        if (genes.isEmpty()) {
            throw new InputException(space.name() + ": genes that shape segments all over the network (expected: a space of layers)");
        }
        List<Segment> segments = space.build(space.architecture(new int[space.genes().size()])).segments();
        List<Integer> searched = IntStream.range(0, segments.size()).filter(segment -> !genes.get().get(segment).isEmpty()).boxed().toList();
        List<Stage> stages = new ArrayList<>();
        if (!searched.isEmpty()) {
            int from = searched.get(0);
            int end = searched.get(searched.size() - 1) + 1;
            for (int segment = from + 1; segment <= end; segment++) {
                SortedSet<Integer> own = new TreeSet<>();
                genes.get().subList(from, segment).forEach(own::addAll);
                if (segment == end || shrinks(segments.get(segment)) && !own.isEmpty() && hasGenes(genes.get().subList(segment, end))) {
                    stages.add(new Stage(from, segment, List.copyOf(own)));
                    from = segment;
                }
            }
        }
        Stages found = new Stages(stages, segments.size());
        found.problemIn(space).ifPresent(problem -> {
            throw new InputException(problem);
        });
        return found;
    }

    private static boolean hasGenes(List<List<Integer>> segments) {
        return segments.stream().anyMatch(genes -> !genes.isEmpty());
    }

    private static boolean shrinks(Segment segment) {
        return !segment.outputs().isEmpty() && !segment.inputs().isEmpty()
            && area(segment.outputs().get(0)) < area(segment.inputs().get(0));
    }

    private static int area(Value value) {
        return value.shape().height() * value.shape().width();
    }

    private Optional<String> problemIn(SearchSpace space) {
        if (all.size() < 2) {
            return Optional.of(space.name() + ": " + all.size() + (all.size() == 1 ? " stage" : " stages")
                + " (expected: at least two, each of which begins by making images smaller)");
        }
        long shared = all.stream().mapToLong(stage -> stage.genes().size()).sum();
        if (shared > all.stream().flatMap(stage -> stage.genes().stream()).distinct().count()) {
            return Optional.of(space.name() + ": a gene shapes several stages (expected: each of them one)");
        }
        for (Network network : space.everyOption()) {
            for (Stage stage : all) {
                List<Value> passing = network.passing(stage.to());
                if (passing.size() != 1) {
                    return Optional.of(space.name() + ": " + passing.size() + " values pass from segment "
                        + network.segments().get(stage.to() - 1).name() + " to what follows it (expected: one)");
                }
            }
        }
        return Optional.empty();
    }

    /** What comes before the first stage; no segment of a network that begins with it. */
    Network stem(Network network) {
        return network.part("stem", 0, all.get(0).from());
    }

    /** What comes after the last stage. */
    Network head(Network network) {
        return network.part("head", all.get(all.size() - 1).to(), segments);
    }

    /** The stages of a network, in order. */
    public List<Network> of(Network network) {
        return all.stream().map(stage -> stage.of(network)).toList();
    }
}
