package dev.lutra.server.run;

import dev.lutra.latency.LookupTable;
import dev.lutra.server.experiment.Experiment;
import java.util.Map;
import java.util.Set;

/** Measures what the targets' tables lack. Gives the tables by device. */
final class ProfileStage implements Stage<Map<String, LookupTable>> {

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of();
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.TABLES);
    }

    @Override
    public Map<String, LookupTable> run(RunContext run) {
        return new Profiler(run.experiment(), run.space(), run.folder(), run.id(), run::fleet, run.progress()).run();
    }
}
