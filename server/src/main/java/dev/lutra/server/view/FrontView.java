package dev.lutra.server.view;

import dev.lutra.search.Candidate;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.GeneShares;
import dev.lutra.search.decision.HypervolumeCurve;
import dev.lutra.search.decision.OwnChoice;
import dev.lutra.search.decision.ShareInterval;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.report.CallFigures;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The front that a search has found.
 *
 * @param networks on it, the best in the first objective first
 * @param tradeOffs accuracy against each other objective
 * @param shared what one network for all devices costs each of them; empty for one device
 * @param genes what the networks have chosen: of the whole front, then where there are several devices, of each device's own
 */
public record FrontView(List<Network> networks, List<AgainstCost> tradeOffs, List<OnDevice> shared, List<GenesOf> genes) {

    /** A network, its measures as numbers and, for those that are weighed, as texts. */
    public record Network(String architecture, Map<String, Double> measures, Map<String, String> figures, String file) {}

    /** Accuracy against a cost: the networks that no other beats in these two, from the least cost on. */
    public record AgainstCost(String measure, String label, List<Step> steps) {}

    /**
     * A network of a front.
     *
     * @param within the interval of its accuracy; empty where it is not known
     * @param marginal what it gains and costs more than the one before; empty for the first
     * @param mark that it is the knee, or exported; or empty
     */
    public record Step(String architecture, String cost, String accuracy, String within, String marginal, String mark) {}

    /**
     * A winner on one device, and what that device would have for itself.
     *
     * @param differing where the two differ
     */
    public record OnDevice(String file, String device, String shared, String own, String paid, String differing) {}

    /** The genes of those networks of the front that no other beats in accuracy and latency on a device; of all where that is empty. */
    public record GenesOf(String device, List<Gene> rows) {}

    /** A gene with the options that networks of the front have, the most frequent first. */
    public record Gene(String name, List<Option> options) {}

    /** An option with its share, from 0 to 1. */
    public record Option(String name, double share) {}

    static FrontView of(RunFacts facts, Front front) {
        CallFigures calls = new CallFigures(facts.experiment().targets());
        Map<String, String> files = facts.winners().stream()
            .collect(Collectors.toMap(Winner::architecture, Winner::file, (one, other) -> one));
        List<Network> networks = front.candidates().stream().map(candidate -> new Network(candidate.architecture().toString(),
            candidate.measures().values(), front.objectives().stream().map(Objective::measure).distinct()
                .collect(Collectors.toMap(measure -> measure, measure -> figure(calls, measure, candidate.measures().get(measure)))),
            files.getOrDefault(candidate.architecture().toString(), ""))).toList();
        List<AgainstCost> tradeOffs = TradeOff.all(front).stream().map(tradeOff -> new AgainstCost(tradeOff.cost().measure(),
            calls.axis(tradeOff.cost().measure()), steps(facts, calls, tradeOff, files))).toList();
        return new FrontView(networks, tradeOffs, shared(facts, calls, front), genes(facts, front));
    }

    private static List<Step> steps(RunFacts facts, CallFigures calls, TradeOff tradeOff, Map<String, String> files) {
        String measure = tradeOff.cost().measure();
        List<Step> steps = new ArrayList<>();
        for (TradeOff.Step step : tradeOff.steps()) {
            Candidate candidate = step.candidate();
            String marginal = steps.isEmpty()
                ? ""
                : String.format(Locale.ROOT, "%+.2f %% accuracy costs %s%s", 100 * step.gained(), step.paid() < 0 ? "−" : "+",
                    figure(calls, measure, Math.abs(step.paid())));
            String file = files.getOrDefault(candidate.architecture().toString(), "");
            steps.add(new Step(candidate.architecture().toString(), figure(calls, measure, candidate.measures().get(measure)),
                Written.percent(candidate.accuracy()), facts.images().isEmpty() ? "" : within(candidate.accuracy(), facts.images().getAsLong()),
                marginal, (step.isKnee() ? "knee" : "") + (step.isKnee() && !file.isEmpty() ? ", " : "") + file));
        }
        return steps;
    }

    private static String within(double accuracy, long images) {
        ShareInterval interval = ShareInterval.of(accuracy, images);
        return String.format(Locale.ROOT, "%.1f to %.1f %%", 100 * interval.low(), 100 * interval.high());
    }

    private static String figure(CallFigures calls, String measure, double value) {
        return measure.equals(Measure.ACCURACY) ? Written.percent(value) : calls.figure(measure, value);
    }

    private static List<OnDevice> shared(RunFacts facts, CallFigures calls, Front front) {
        List<String> devices = devices(facts.experiment());
        if (devices.size() < 2 || facts.winners().isEmpty()) {
            return List.of();
        }
        Map<String, Candidate> known = front.candidates().stream()
            .collect(Collectors.toMap(candidate -> candidate.architecture().toString(), candidate -> candidate));
        List<Constraint> limits = facts.experiment().constraints();
        Set<String> needed = new HashSet<>(devices.stream().map(Measure::latency).toList());
        limits.forEach(limit -> needed.add(limit.measure()));
        List<Candidate> offered = facts.candidates().rows(needed).stream()
            .filter(row -> limits.stream().allMatch(limit -> limit.holds(row.measures()))).map(row -> row.candidate(facts.space())).toList();
        List<OnDevice> rows = new ArrayList<>();
        facts.winners().stream().filter(winner -> known.containsKey(winner.architecture())).forEach(winner -> OwnChoice
            .of(offered, known.get(winner.architecture()), devices, facts.space()).forEach(choice -> {
                String latency = Measure.latency(choice.device());
                rows.add(new OnDevice(winner.file(), choice.device(), calls.figure(latency, choice.shared().measures().get(latency)),
                    calls.figure(latency, choice.own().measures().get(latency)), calls.figure(latency, choice.paidNanos()),
                    String.join(", ", choice.differing())));
            }));
        return rows;
    }

    private static List<String> devices(Experiment experiment) {
        return experiment.targets().stream().map(Experiment.Target::device).toList();
    }

    private static List<GenesOf> genes(RunFacts facts, Front front) {
        List<GenesOf> all = new ArrayList<>(List.of(genesOf("", front, facts)));
        List<String> devices = devices(facts.experiment());
        if (devices.size() > 1) {
            devices.forEach(device -> all.add(genesOf(device, Front.of(
                List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.latency(device))), front.candidates(), Map.of()), facts)));
        }
        return all;
    }

    private static GenesOf genesOf(String device, Front front, RunFacts facts) {
        return new GenesOf(device, GeneShares.of(front, facts.space()).stream().map(gene -> new Gene(gene.gene(),
            gene.shares().entrySet().stream().filter(option -> option.getValue() > 0)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .map(option -> new Option(option.getKey(), option.getValue())).toList()))
            .toList());
    }

    /** How the hypervolume grew with what the search evaluated; without a curve where it told too little. */
    static Plot volume(RunFacts facts) {
        List<Objective> objectives = facts.experiment().objectives();
        List<CandidateColumns.Row> told = facts.course().rows(objectives.stream().map(Objective::measure).toList());
        // of volumes only measures matter
        Architecture any = facts.space().architecture(new int[facts.space().genes().size()]);
        Set<Measures> over = Collections.newSetFromMap(new IdentityHashMap<>());
        told.stream().filter(CandidateColumns.Row::isOver).forEach(row -> over.add(row.measures()));
        Plot.Points volume = new Plot.Points();
        HypervolumeCurve.of(objectives, told.stream().map(row -> new Candidate(any, row.measures())).toList(),
            candidate -> !over.contains(candidate.measures())).forEach(volume::add);
        return new Plot("architectures evaluated", "hypervolume", List.of(volume.as("share of the box that is reached")));
    }
}
