package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerFile;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Has the devices confirm the exported files, {@linkplain Verification repairs} what predictions they contradict, and writes the report.
 * Gives what was found, the most accurate first.
 */
final class VerifyStage implements Stage<List<Winner>> {

    private static final double NANOS_A_MILLI = 1e6;

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.TABLES, Artifact.FRONT, Artifact.EXPORTS);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.VERIFICATION);
    }

    /**
     * @throws InputException if the experiment names no device to ask, or one that cannot be reached
     */
    @Override
    public void check(RunContext run) {
        if (run.experiment().targets().isEmpty() && run.experiment().hasSupernet()) {
            throw new InputException("targets: missing (expected: at least one device, which verifies exported files)");
        }
        if (run.experiment().hasSupernet()) {
            run.requireReachable(run.experiment().targets());
        }
    }

    @Override
    public List<Winner> run(RunContext run) {
        run.requireTablesOfDevices(name());
        List<Winner> winners = new Verification(run).winners();
        WinnerFile.write(run.folder().verification(), winners);
        winners.forEach(winner -> tellAims(run, winner));
        Agreement.of(winners).ifPresent(agreement -> run.events().say("verify: " + agreement.described()));
        run.exported(winners);
        run.report(winners);
        if (winners.stream().noneMatch(Winner::isVerified)) {
            run.events().emit(new RunEvent.Warning(name(), "no exported file was confirmed by its devices, see " + run.folder().report()));
        }
        return winners;
    }

    /** What superkernels aimed at, beside what came of it. */
    private void tellAims(RunContext run, Winner winner) {
        for (Winner.Check check : winner.checks()) {
            check.aim().ifPresent(aim -> {
                long measured = check.latency().measured();
                String line = String.format(Locale.ROOT, "aimed at %.3f ms on %s: predicted %.3f ms, measured %.3f ms%s, %.1f %% %s",
                    aim / NANOS_A_MILLI,
                    check.device(), check.latency().predicted().orElseThrow() / NANOS_A_MILLI, measured / NANOS_A_MILLI,
                    check.latency().known().map(known -> String.format(Locale.ROOT, " (%.3f to %.3f)", known.low() / NANOS_A_MILLI,
                        known.high() / NANOS_A_MILLI)).orElse(""),
                    100 * Math.abs(measured - aim) / (double) aim, measured > aim ? "above" : "below");
                if (winner.missed().contains(check)) {
                    run.events().emit(new RunEvent.Warning(name(), String.format(Locale.ROOT, "superkernels %s (expected: within %.0f %%; more "
                        + "epochs, or where the prediction is near, a table of more whole networks: profile.calibrate)", line,
                        100 * SuperkernelSampling.MISSED)));
                } else {
                    run.events().say("verify: " + line);
                }
            });
        }
    }
}
