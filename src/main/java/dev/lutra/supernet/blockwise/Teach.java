package dev.lutra.supernet.blockwise;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Transition;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The largest network, which the phase trained, becomes the teacher of the next: its weights are set aside with the batch norm that they have
 * in use, those of all stages start anew, and so does the learning rate.
 */
public record Teach() implements Transition {

    /** What it is called in files. */
    public static final String NAME = "teach";

    @Override
    public Options apply(PhaseEnd end) {
        enter(end.surviving().space(), end.weights(), end.alone());
        return end.surviving();
    }

    /**
     * Makes the largest network of a space the teacher.
     *
     * @param alone values of a network by itself, batch norm included
     */
    public static void enter(SearchSpace space, SupernetWeights weights, Function<Architecture, WeightSource> alone) {
        BlockTeacher teacher = new BlockTeacher(space);
        teacher.enter(weights, alone.apply(teacher.architecture()));
    }

    @Override
    public boolean beginsAnew() {
        return true;
    }

    @Override
    public boolean forgets() {
        return true;
    }

    @Override
    public boolean needsOnePath() {
        return true;
    }

    @Override
    public Optional<String> problemAfter(Sampling sampling) {
        return sampling instanceof LargestSampling
            ? Optional.empty()
            : Optional.of("teach after a phase that trains another network (expected: after sampling " + LargestSampling.NAME + ")");
    }

    @Override
    public Optional<String> problemBefore(List<Transition> more, List<Phase> later) {
        if (!more.isEmpty()) {
            return Optional.of("teach before something else at the end of one phase (expected: last there)");
        }
        if (later.stream().noneMatch(phase -> phase.sampling() instanceof BlockWiseSampling)) {
            return Optional.of("teach with nobody to learn (expected: before a phase with sampling " + BlockWiseSampling.NAME + ")");
        }
        boolean forgets = later.stream().flatMap(phase -> phase.then().stream()).anyMatch(next -> next.givesFirstValues() || next.forgets());
        return forgets
            ? Optional.of("teach before other first values (expected: no inherit, widen, split, re-initialise or independent after it)")
            : Optional.empty();
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME);
    }
}
