package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.store.Database;
import java.util.List;

/** How a run reaches its devices. */
public interface FleetAccess {

    /**
     * Makes the targets' devices reachable; the run closes what comes of it.
     *
     * @param folder for what a server of the run's own keeps
     * @param database where such a server keeps its tasks
     * @throws InputException if a target cannot be reached this way
     */
    RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress);
}
