package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.store.Database;
import dev.lutra.server.training.TrainingTurn;
import java.util.List;
import java.util.function.Consumer;

/** How a run reaches its devices. */
public interface FleetAccess {

    /**
     * Looks, without starting anything, whether these devices can be reached this way, as far as that can be told.
     *
     * @param warn told in a line of a device that has yet to join
     * @throws InputException if one cannot
     */
    default void check(List<Experiment.Target> targets, Consumer<String> warn) {}

    /** When the run may train on this machine, which others may do, too. */
    default TrainingTurn trainingTurn() {
        return TrainingTurn.ALONE;
    }

    /**
     * Makes the targets' devices reachable; the run closes what comes of it.
     *
     * @param folder for what a server of the run's own keeps
     * @param database where such a server keeps its tasks
     * @throws InputException if a target cannot be reached this way
     */
    RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress);
}
