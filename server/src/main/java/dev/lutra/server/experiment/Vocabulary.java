package dev.lutra.server.experiment;

import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.search.Algorithm;
import dev.lutra.search.algorithm.Algorithms;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.blockwise.LargestSampling;
import dev.lutra.supernet.blockwise.Teach;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transition;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.proxy.ApartSampling;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import dev.lutra.yaml.Kinds;

/**
 * The names that experiment files may use.
 *
 * @param samplings which paths a training step trains
 * @param transitions what happens at the end of a phase of training
 * @param algorithms how the space is searched
 * @param measures what networks are compared by
 */
public record Vocabulary(Kinds<Sampling> samplings, Kinds<Transition> transitions, Kinds<Algorithm> algorithms,
    Kinds<MeasureKind> measures) {

    /** All that is built in. */
    public static final Vocabulary STANDARD = new Vocabulary(
        Samplings.ALL.with(SuperkernelSampling.NAME, SuperkernelSampling::of).with(ApartSampling.NAME, ApartSampling::of)
            .with(BlockWiseSampling.NAME, BlockWiseSampling::of).with(LargestSampling.NAME, settings -> new LargestSampling()),
        Transitions.ALL.with(Split.NAME, Split::of).with(Teach.NAME, settings -> new Teach()), Algorithms.ALL, MeasureKinds.ALL);
}
