package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.Profiler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Measures what the targets' tables lack. Gives the tables by device. */
final class ProfileStage implements Stage<Map<String, LookupTable>> {

    private final boolean isVerifiedLater;

    /**
     * @param isVerifiedLater whether the run asks the devices in any case: then also tables that lack nothing are compared with them, before
     *     anything is searched with those
     */
    ProfileStage(boolean isVerifiedLater) {
        this.isVerifiedLater = isVerifiedLater;
    }

    @Override
    public String name() {
        return "profile";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of();
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.TABLES);
    }

    /**
     * @throws InputException if an imported table lacks segments, a time budget cannot suffice, too few whole networks are asked for, or a device that is to measure cannot
     *     be reached or does not tell what is asked for
     */
    @Override
    public void check(RunContext run) {
        List<Experiment.Target> toMeasure = new ArrayList<>();
        for (Experiment.Target target : run.experiment().targets()) {
            Optional<LookupTable> table = Profiler.find(run.experiment(), run.folder().tables(), target);
            table.ifPresent(known -> {
                Profiler.requireWhole(known, run.timed());
                Profiler.requireEnergy(run.experiment(), known, target);
            });
            if (table.isEmpty() || !Profiler.isComplete(run.experiment(), table.get(), run.timed())) {
                Profiler.requireEnoughTime(run.experiment(), table, run.timed());
                Profiler.requireNetworksForMemory(run.experiment(), target, run.timed());
                toMeasure.add(target);
            }
        }
        run.requireReachable(toMeasure);
        toMeasure.stream().filter(target -> run.experiment().asks(Measure.memory(target.device()))
            || run.experiment().asks(Measure.energy(target.device()))).forEach(target -> requireTold(run, target));
    }

    /** Ahead of everything else, as far as the device is there; this machine's is as soon as its agent has started. */
    private static void requireTold(RunContext run, Experiment.Target target) {
        if (target.device().equals(Experiment.LOCAL)) {
            run.fleet().awaitDevice(target.device());
        }
        run.fleet().device(target.device()).ifPresent(state -> Profiler.requireTold(run.experiment(), target, state.getDevice()));
    }

    @Override
    public Map<String, LookupTable> run(RunContext run) {
        Map<String, LookupTable> tables = new Profiler(run.experiment(), run.timed(), run.folder().tables(), run.id(), run::fleet, run.events(),
            run.results()).run();
        if (isVerifiedLater) {
            run.requireTablesOfDevices(name());
        }
        return tables;
    }
}
