package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Front;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.server.profile.SpentTime;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.DeviceCheck;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerCheck;
import dev.lutra.server.winner.WinnerCheck.Verified;
import dev.lutra.server.winner.WinnerExport;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * Devices measure the winners. One that misses a limit stays, marked as such, and the next candidate of the front takes its place.
 * Where predictions are farther off than chance explains, or too few winners keep the limits, what was measured corrects the tables and
 * the search goes on from all that it knows, until predicted and measured agree and the limits hold as measured.
 *
 * <p>An interval holds 95 of 100 honest measurements, so of twenty honest predictions one is outside. The intervals are widened so that
 * all of a front's hold together in 95 of 100 cases (Bonferroni); what is outside of that is a deviation.
 */
final class Verification {

    private static final double COVERED = 0.95;
    /** A table that has no whole networks yet takes as many to be corrected, one of them held out. */
    private static final int FEWEST_POINTS = 3;
    /** Enough to meet a network that was not measured yet, if one in a hundred is. */
    private static final int DRAWS = 500;

    private final RunContext run;
    private final Experiment.Verify settings;
    private final SpentTime spent;
    private boolean mayRepair;

    Verification(RunContext run) {
        this.run = run;
        settings = run.experiment().verify();
        spent = new SpentTime(run.results(), "verifying-nanos",
            settings.budget().map(budget -> budget.toMillis() + " ms").orElse("any time"), System::nanoTime);
        mayRepair = run.experiment().superkernel().isEmpty(); // what is decoded is not searched on
    }

    /** What devices said of the front's winners in the end, the most accurate first. */
    List<Winner> winners() {
        List<Verified> asked = ask();
        while (mayRepair && needsRepair(asked)) {
            mayRepair = repaired(asked);
            asked = ask();
        }
        tellUnmeasured(asked);
        spent.forget();
        return asked.stream().map(Verified::winner).sorted(Comparator.comparingDouble(Winner::accuracy).reversed()).toList();
    }

    /** Asks devices for as many winners as are wanted, and for others in the place of those that they do not confirm. */
    private List<Verified> ask() {
        List<Candidate> ranked = run.ranked();
        int wanted = run.winnersWanted();
        WinnerCheck check = new WinnerCheck(run.experiment(), run.timed(), run.exporter(), run.tables(),
            new DeviceCheck(run.experiment(), run.id(), run.fleet()), run.repairs().firstPredicted());
        List<Verified> asked = new ArrayList<>();
        long standing = 0;
        run.events().emit(new RunEvent.BegunAnew("verify/file"));
        try (Progress.Work work = run.events().begin("verify", wanted, "files")) {
            for (int rank = 1; rank <= ranked.size() && (rank <= wanted || standing < wanted && !isToRepair(asked) && !isSpent()); rank++) {
                if (rank > wanted) {
                    export(rank, ranked.get(rank - 1));
                }
                Verified found = check.verify(WinnerExport.name(rank), ranked.get(rank - 1), run.evaluator(), run.data());
                asked.add(found);
                tell(run, found.winner());
                spent.keep();
                standing += found.winner().isRefused() ? 0 : 1;
                work.at(standing, found.winner().file());
            }
        }
        return asked;
    }

    private void export(int rank, Candidate candidate) {
        run.exporter().export(WinnerExport.name(rank), candidate, run.trained(), run.evaluator(), run.data());
        run.events().emit(new RunEvent.FileExported(WinnerExport.fileName(WinnerExport.name(rank)), candidate.architecture().toString()));
    }

    /** Tells what each device said of a file. */
    static void tell(RunContext run, Winner winner) {
        winner.checks().forEach(found -> run.events().emit(new RunEvent.FileVerified(winner.file(), winner.architecture(),
            found.device(), found.latency().predicted().orElse(0L), found.latency().measured(), found.difference(),
            found.numericsAgree() && found.withinLimit(), found.learned().isPresent(),
            found.integers().map(InIntegers::p50Nanos).orElse(null))));
    }

    /** Whether what was measured already calls for a repair, so that no more of this front need be measured. */
    private boolean isToRepair(List<Verified> asked) {
        return mayRepair && (contradicts(asked) || asked.size() >= FEWEST_POINTS && asked.stream().anyMatch(this::missesWithoutInterval));
    }

    private boolean needsRepair(List<Verified> asked) {
        return isToRepair(asked) || standing(asked) < run.winnersWanted() && asked.stream().anyMatch(Verification::misses);
    }

    private static long standing(List<Verified> asked) {
        return asked.stream().filter(found -> !found.winner().isRefused()).count();
    }

    private static boolean misses(Verified found) {
        return found.winner().checks().stream().anyMatch(Winner.Check::missesLimit);
    }

    private boolean missesWithoutInterval(Verified found) {
        return found.winner().checks().stream().anyMatch(check -> check.missesLimit() && check.latency().inside().isEmpty());
    }

    /** Says so, where the time did not suffice to look for others in the place of those that devices refused. */
    private void tellUnmeasured(List<Verified> asked) {
        int left = run.ranked().size() - asked.size();
        if (isSpent() && left > 0 && standing(asked) < run.winnersWanted()) {
            run.events().emit(new RunEvent.Warning("verify", "the time is spent (verify.budget): " + standing(asked) + " of the "
                + run.winnersWanted() + " networks that are wanted stand, and " + left + " more of the front were not measured"));
        }
    }

    private static boolean contradicts(List<Verified> asked) {
        return deviates(asked.stream().flatMap(found -> found.winner().checks().stream()).flatMap(Winner.Check::held).toList());
    }

    /** Whether any of some figures lies farther from what was predicted than chance explains. */
    static boolean deviates(List<Comparison> held) {
        NormalDistribution normal = new NormalDistribution();
        double widening = normal.inverseCumulativeProbability(1 - (1 - COVERED) / 2 / Math.max(1, held.size()))
            / normal.inverseCumulativeProbability((1 + COVERED) / 2);
        return held.stream().anyMatch(figure -> figure.deviates(widening));
    }

    /**
     * Corrects the tables by what was measured and searches on.
     *
     * @return whether there is another front now
     */
    private boolean repaired(List<Verified> asked) {
        Repairs repairs = run.repairs();
        int number = repairs.all().size() + 1;
        if (number > settings.repairs() || isSpent()) {
            return refused(number > settings.repairs()
                ? settings.repairs() + " repairs are done, and no more are asked for (verify.repairs)"
                : "the time for repairs is spent (verify.budget)");
        }
        Map<String, List<WholeNetwork>> points = points(asked);
        Set<String> over = new HashSet<>(repairs.over());
        asked.stream().filter(Verification::misses).forEach(found -> over.add(found.candidate().architecture().toString()));
        boolean isNew = points.entrySet().stream().anyMatch(device -> device.getValue().stream()
            .anyMatch(point -> !TargetTable.has(run.tables().get(device.getKey()), point)));
        if (!isNew || !isFeasible(points, over)) {
            return isNew ? false : refused("no table learns from what was measured");
        }
        repairs.add(Repairs.Repair.of(List.copyOf(run.searchedCandidates().all().keySet()), over, points, predicted(asked)), run::addToTable);
        points.forEach((device, networks) -> run.events().emit(new RunEvent.TableRepaired(number, device,
            networks.stream().map(WholeNetwork::getArchitecture).toList())));
        SearchStage.write(run, SearchStage.continued(run, Front.readJson(run.folder().front(), run.genes())));
        ExportStage.export(run);
        return true;
    }

    private static Map<String, Map<String, Long>> predicted(List<Verified> asked) {
        Map<String, Map<String, Long>> predicted = new LinkedHashMap<>();
        asked.forEach(found -> found.winner().checks().forEach(check -> check.latency().predicted().ifPresent(
            nanos -> predicted.computeIfAbsent(check.device(), device -> new LinkedHashMap<>()).put(found.winner().architecture(), nanos))));
        return predicted;
    }

    private boolean isSpent() {
        return settings.budget().filter(budget -> spent.nanos() >= budget.toNanos()).isPresent();
    }

    private boolean refused(String why) {
        run.events().emit(new RunEvent.Warning("verify", "predicted and measured do not agree, or a limit does not hold: " + why));
        return false;
    }

    /** What measured tables can learn: others stay as they are. A table without held-out networks holds the last one out. */
    private Map<String, List<WholeNetwork>> points(List<Verified> asked) {
        Map<String, List<WholeNetwork>> points = new LinkedHashMap<>();
        run.tables().forEach((device, table) -> {
            List<WholeNetwork> measured = new ArrayList<>(asked.stream().map(found -> found.points().get(device)).toList());
            boolean isCorrected = table.networks().stream().anyMatch(WholeNetwork::getHeldOut);
            if (table.isMeasured() && (isCorrected || measured.size() >= FEWEST_POINTS)) {
                if (!isCorrected) {
                    measured.set(measured.size() - 1, measured.get(measured.size() - 1).toBuilder().setHeldOut(true).build());
                }
                points.put(device, measured);
            }
        });
        return points;
    }

    /** Whether something would keep the limits by tables that have learned these points. */
    private boolean isFeasible(Map<String, List<WholeNetwork>> points, Set<String> over) {
        Map<String, LookupTable> tables = new LinkedHashMap<>(run.tables());
        points.forEach((device, networks) -> tables.computeIfPresent(device, (name, table) -> TargetTable.with(table, networks)));
        Set<Architecture> left = over.stream().map(run.genes()::parse).collect(Collectors.toCollection(HashSet::new));
        CandidateEvaluator anyAccuracy = new CandidateEvaluator(run.searched(), run.cheap(tables), run.experiment().constraints(),
            AccuracySource.oneByOne(architecture -> 0), CandidateLog.inMemory()).without(left);
        try {
            FeasibleSampler sampler = FeasibleSampler.of(anyAccuracy, new Random(run.experiment().search().seed()));
            return Stream.generate(sampler::draw).limit(DRAWS).anyMatch(anyAccuracy::isFeasible)
                || unreachable("what would keep them was measured and does not");
        } catch (InputException e) {
            return unreachable(e.getMessage());
        }
    }

    private boolean unreachable(String why) {
        run.events().emit(new RunEvent.Warning("verify",
            "by what was measured nothing keeps the limits, so that the tables are left as they are: " + why));
        return false;
    }
}
