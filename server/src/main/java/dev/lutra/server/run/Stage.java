package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import java.util.Set;

/**
 * One part of a run. A stage finds what earlier stages left in the run's folder, does what is missing and leaves something for
 * later ones, so that each may run in a process of its own and may be killed at any time.
 *
 * @param <R> what it found out
 */
interface Stage<R> {

    /** What its command is called. */
    String name();

    /** What earlier stages must have left. */
    Set<Artifact> needs(Experiment experiment);

    /** What is in the run's folder afterwards. */
    Set<Artifact> leaves(Experiment experiment);

    /**
     * Looks for what would stop this stage and can be known before any work: for every stage of a run, ahead of the first.
     *
     * @throws InputException if something given is wrong and can be put right
     */
    default void check(RunContext run) {}

    /**
     * Does what is missing. Everything that it needs is there.
     *
     * @throws InputException if something given is wrong and can be put right
     */
    R run(RunContext run);
}
