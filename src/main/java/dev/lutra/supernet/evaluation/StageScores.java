package dev.lutra.supernet.evaluation;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.blockwise.BlockTeacher;
import dev.lutra.supernet.blockwise.Stages.Stage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What networks are worth whose stages learned from a teacher: a sum over the stages, each of which is judged once whatever networks it is part
 * of. For use by one thread.
 */
final class StageScores {

    private final SearchSpace space;
    private final BlockTeacher teacher;
    private final Map<Way, Double> errors = new HashMap<>();

    /**
     * One way to make a stage.
     *
     * @param stage its number
     * @param values of its genes
     */
    record Way(int stage, List<Integer> values) {}

    /**
     * @throws InputException if the weights have no teacher
     */
    StageScores(SearchSpace space, SupernetWeights weights) {
        this.space = space;
        teacher = new BlockTeacher(space);
        if (!teacher.isIn(weights)) {
            throw new InputException("evaluation.by: stages, of weights without a teacher (expected: those of a training with sampling "
                + "block-wise)");
        }
    }

    BlockTeacher teacher() {
        return teacher;
    }

    /** How an architecture makes each stage. */
    List<Way> ways(Architecture architecture) {
        List<Way> ways = new ArrayList<>();
        for (Stage stage : teacher.stages().all()) {
            ways.add(new Way(ways.size(), stage.genes().stream().map(architecture::value).toList()));
        }
        return ways;
    }

    /** What is still to be judged for some architectures, in their order. */
    Map<Way, StageJudge.Part> missing(List<Architecture> architectures) {
        Map<Way, StageJudge.Part> missing = new LinkedHashMap<>();
        for (Architecture architecture : architectures) {
            List<Way> ways = ways(architecture);
            if (!errors.keySet().containsAll(ways)) {
                List<Network> parts = teacher.stages().of(space.build(architecture));
                ways.stream().filter(way -> !errors.containsKey(way))
                    .forEach(way -> missing.putIfAbsent(way, new StageJudge.Part(way.stage(), parts.get(way.stage()))));
            }
        }
        return missing;
    }

    void found(Way way, double error) {
        errors.put(way, error);
    }

    boolean isKnown(Architecture architecture) {
        return errors.keySet().containsAll(ways(architecture));
    }

    /** e to the power of minus the sum of its stages' errors. */
    double score(Architecture architecture) {
        return Math.exp(-ways(architecture).stream().mapToDouble(errors::get).sum());
    }
}
