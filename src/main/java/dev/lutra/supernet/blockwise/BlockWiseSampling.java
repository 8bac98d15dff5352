package dev.lutra.supernet.blockwise;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transition;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/**
 * Every stage of a path by itself learns what a teacher makes of images there, from what the teacher gives it (Li et al. 2020, DNA). Which
 * paths is left to another sampling.
 *
 * @param sampling draws paths
 */
public record BlockWiseSampling(Sampling sampling) implements Sampling {

    /** What it is called in files. */
    public static final String NAME = "block-wise";

    /** As a file gives it. */
    public static Sampling of(LayeredSettings settings) {
        Optional<YamlNode> named = settings.find("sampling");
        Sampling sampling = named.map(node -> Samplings.ALL.read(node)).orElseGet(Sampling::uniform);
        if (sampling.isOnePath()) {
            throw named.orElseThrow().error("within block-wise (expected: a sampling that draws from many paths)");
        }
        return new BlockWiseSampling(sampling);
    }

    /**
     * The usual training: the teacher first, then this.
     *
     * @param share of the epochs for the teacher, above 0 to below 1
     */
    public Curriculum afterTeacher(double share) {
        return new Curriculum(List.of(new Phase(share, new LargestSampling(), List.of(new Teach())), new Phase(1 - share, this, List.of())));
    }

    /** Whether the training of a curriculum ends block by block, so that its networks are judged so. */
    public static boolean isLast(Curriculum curriculum) {
        return curriculum.phases().get(curriculum.phases().size() - 1).sampling() instanceof BlockWiseSampling;
    }

    /**
     * Why a curriculum has no teacher, or one too many, as found and expected; empty if it is as it should be.
     *
     * @param isGiven whether a teacher is there before the training
     */
    public static Optional<String> problemIn(Curriculum curriculum, boolean isGiven) {
        boolean hasTeacher = isGiven;
        boolean isUsed = false;
        for (Phase phase : curriculum.phases()) {
            boolean isBlockWise = phase.sampling() instanceof BlockWiseSampling;
            if (isBlockWise && !hasTeacher) {
                return Optional.of("block-wise without a teacher (expected: a phase before it with sampling: largest and then: teach, or "
                    + "supernet.teacher)");
            }
            isUsed |= isBlockWise;
            for (Transition next : phase.then()) {
                if (isGiven && (next.givesFirstValues() || next.forgets())) {
                    return Optional.of("other first values than those beside a given teacher (expected: supernet.teacher without teach, "
                        + "inherit, widen, split, re-initialise or independent)");
                }
                hasTeacher |= next instanceof Teach;
            }
        }
        return isGiven && !isUsed
            ? Optional.of("a teacher with nobody to learn (expected: supernet.teacher with a phase of sampling block-wise)")
            : Optional.empty();
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return sampling.paths(surviving, moment);
    }

    @Override
    public Options offered(Options surviving) {
        return sampling.offered(surviving);
    }

    /** Stages have no answers that could be held against each other. */
    @Override
    public boolean trainsSeveral() {
        return false;
    }

    @Override
    public Optional<String> problemIn(SearchSpace space) {
        try {
            new BlockTeacher(space);
        } catch (InputException e) {
            return Optional.of(NAME + " in " + e.getMessage());
        }
        return sampling.problemIn(space);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME);
        sampling.describe(key + ".sampling", values);
    }
}
