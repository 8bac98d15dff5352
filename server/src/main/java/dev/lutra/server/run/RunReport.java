package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.AtomicFile;
import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.latency.correction.Interval;
import dev.lutra.ranking.CorrectedRanking;
import dev.lutra.ranking.Estimate;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.GeneShares;
import dev.lutra.search.decision.HypervolumeCurve;
import dev.lutra.search.decision.OwnChoice;
import dev.lutra.search.decision.ShareInterval;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.event.RunEvent.DecisionsTaken;
import dev.lutra.server.event.RunEvent.NetworkRetrained;
import dev.lutra.server.event.RunEvent.NetworkTested;
import dev.lutra.server.event.RunEvent.NetworksRanked;
import dev.lutra.server.event.RunEvent.PathsProbed;
import dev.lutra.server.event.RunEvent.TrainingPace;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.FrontPrecision;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.report.ArchitectureDrawing;
import dev.lutra.server.report.CallFigures;
import dev.lutra.server.report.DecisionsDrawing;
import dev.lutra.server.report.LayerTable;
import dev.lutra.server.report.Plots;
import dev.lutra.server.report.Report;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Puts what a run found into words, plots and drawings. */
final class RunReport {

    private static final double NANOS_A_MILLI = 1e6;
    private static final String SUPERNET = "train";

    private final Experiment experiment;
    private final GeneSpace space;
    private final Supplier<SearchSpace> networks;
    private final RunFolder folder;
    private final CallFigures calls;

    /**
     * @param networks the space where it has any; asked for winners that were exported, and for devices
     */
    RunReport(Experiment experiment, GeneSpace space, Supplier<SearchSpace> networks, RunFolder folder) {
        this.experiment = experiment;
        this.space = space;
        this.networks = networks;
        this.folder = folder;
        calls = new CallFigures(experiment.targets());
    }

    /**
     * What the run knows besides the search, of the present weights and images.
     *
     * @param ranked networks by the supernet's order and by themselves
     * @param tested networks on test images
     */
    record Judged(Optional<NetworksRanked> ranked, List<NetworkTested> tested) {}

    /**
     * Writes the page.
     *
     * @param losses of the training by step, in order
     * @param history what the run has told besides
     * @param images that accuracies are shares of; empty where they are no such shares
     */
    void write(Front front, Map<String, Measures> evaluated, List<Winner> winners, Map<Long, Double> losses,
        List<Double> sampledPaths, Judged judged, Map<String, LookupTable> tables, RunHistory history, OptionalLong images) {
        List<String> devices = experiment.targets().stream().map(Experiment.Target::device).toList();
        List<Report.Winner> rows = new ArrayList<>();
        for (Winner winner : winners) {
            rows.add(row(rows.size() + 1, winner));
        }
        List<Report.FrontPlot> plots = new ArrayList<>();
        for (Objective objective : front.objectives()) {
            if (!objective.measure().equals(Measure.ACCURACY)) {
                plots.add(new Report.FrontPlot(calls.axis(objective.measure()), plot(objective, front, evaluated, winners),
                    steps(TradeOff.of(front, objective), winners, images)));
            }
        }
        Report report = new Report(experiment.name(), space.name() + ": " + space.title(),
            String.format(Locale.ROOT, "%,d", evaluated.size()), front.candidates().size(), verdict(winners), devices, rows,
            best(front), plots, shared(front, evaluated, winners, devices), List.of(genes(front, devices, history)),
            !experiment.hasSupernet()
                ? List.of()
                : List
                    .of(training(losses, sampledPaths, history, experiment.superkernel().map(SuperkernelSampling::targets).orElseGet(TreeMap::new))),
            judged.ranked().map(this::ranking).map(List::of).orElse(List.of()), weights(history, judged.tested()),
            provenance(front, tables, history.durations()));
        AtomicFile.write(folder.report(), report.html());
    }

    /** Networks with weights of their own, and those with shared ones that were tested. */
    private static List<Report.Weights> weights(RunHistory history, List<NetworkTested> networks) {
        Map<String, String> tested = new LinkedHashMap<>();
        networks.forEach(network -> tested.put(network.file() == null ? network.architecture() : network.file(),
            both(network.accuracy(), network.top5())));
        List<Report.Weights> rows = new ArrayList<>();
        networks.stream().filter(network -> network.file() == null).forEach(network -> rows.add(new Report.Weights(
            "supernet", network.architecture().replace(",", ", "), "–", "–", tested.get(network.architecture()), "–")));
        for (NetworkRetrained network : history.all(NetworkRetrained.class)) {
            String architecture = network.architecture().replace(",", ", ");
            rows.add(new Report.Weights(network.file(), architecture, both(network.before(), network.beforeTop5()),
                both(network.accuracy(), network.top5()), tested.getOrDefault(network.file(), "–"), devices(network)));
            network.files().keySet().stream().filter(file -> !file.equals(network.file()) && tested.containsKey(file))
                .forEach(file -> rows.add(new Report.Weights(file, architecture, "–", "–", tested.get(file), "–")));
        }
        return rows;
    }

    private static String devices(NetworkRetrained network) {
        return network.devices().isEmpty()
            ? "–"
            : network.devices().stream()
                .map(device -> millis(device.p50()) + " on " + device.device() + (device.confirmed() ? "" : ", refused"))
                .collect(Collectors.joining(", "));
    }

    /** Top-1 and top-5, as far as they are known. */
    private static String both(Double top1, Double top5) {
        return top1 == null ? "–" : percent(top1) + (top5 == null ? "" : " / " + percent(top5));
    }

    private List<Report.Step> steps(TradeOff tradeOff, List<Winner> winners, OptionalLong images) {
        String measure = tradeOff.cost().measure();
        Map<String, String> files = winners.stream().collect(Collectors.toMap(Winner::architecture, Winner::file, (a, b) -> a));
        List<Report.Step> steps = new ArrayList<>();
        for (TradeOff.Step step : tradeOff.steps()) {
            Candidate candidate = step.candidate();
            String marginal = steps.isEmpty()
                ? ""
                : String.format(Locale.ROOT, "%+.2f %% accuracy costs %s%s", 100 * step.gained(), step.paid() < 0 ? "−" : "+",
                    figure(measure, Math.abs(step.paid())));
            String file = files.getOrDefault(candidate.architecture().toString(), "");
            steps.add(new Report.Step(candidate.architecture().toString().replace(",", ", "), percent(candidate.accuracy()),
                within(candidate.accuracy(), images), figure(measure, candidate.measures().get(measure)), marginal,
                (step.isKnee() ? "knee" : "") + (step.isKnee() && !file.isEmpty() ? ", " : "") + file));
        }
        return steps;
    }

    private static String within(double accuracy, OptionalLong images) {
        if (images.isEmpty()) {
            return "";
        }
        ShareInterval interval = ShareInterval.of(accuracy, images.getAsLong());
        return String.format(Locale.ROOT, "%.1f–%.1f %%", 100 * interval.low(), 100 * interval.high());
    }

    private List<Report.Shared> shared(Front front, Map<String, Measures> evaluated, List<Winner> winners, List<String> devices) {
        if (devices.size() < 2 || winners.isEmpty()) {
            return List.of();
        }
        Map<String, Candidate> known = front.candidates().stream()
            .collect(Collectors.toMap(candidate -> candidate.architecture().toString(), candidate -> candidate));
        List<Candidate> offered = evaluated.entrySet().stream().map(one -> new Candidate(space.parse(one.getKey()), one.getValue()))
            .filter(candidate -> experiment.constraints().stream().allMatch(constraint -> constraint.holds(candidate.measures()))).toList();
        List<Report.OnDevice> rows = new ArrayList<>();
        winners.stream().filter(winner -> known.containsKey(winner.architecture())).forEach(winner -> OwnChoice
            .of(offered, known.get(winner.architecture()), devices, space).forEach(choice -> rows.add(new Report.OnDevice(winner.file(),
                choice.device(), figure(Measure.latency(choice.device()), choice.shared().measures().get(Measure.latency(choice.device()))),
                figure(Measure.latency(choice.device()), choice.own().measures().get(Measure.latency(choice.device()))),
                figure(Measure.latency(choice.device()), choice.paidNanos()), String.join(", ", choice.differing())))));
        return List.of(new Report.Shared(rows));
    }

    private Report.Genes genes(Front front, List<String> devices, RunHistory history) {
        List<Report.GenesOf> all = new ArrayList<>(List.of(new Report.GenesOf("", genes(front))));
        if (devices.size() > 1) {
            devices.forEach(device -> all.add(new Report.GenesOf(device, genes(Front.of(
                List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.latency(device))), front.candidates(), Map.of())))));
        }
        return new Report.Genes(all, volume(front, history));
    }

    private List<Report.Gene> genes(Front front) {
        return GeneShares.of(front, space).stream().map(gene -> new Report.Gene(gene.gene(),
            gene.shares().entrySet().stream().filter(option -> option.getValue() > 0)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .map(option -> new Report.Option(option.getKey(), String.format(Locale.ROOT, "%.0f %%", 100 * option.getValue()),
                    (int) Math.round(100 * option.getValue())))
                .toList()))
            .toList();
    }

    private String volume(Front front, RunHistory history) {
        List<RunEvent.CandidateEvaluated> told = history.all(RunEvent.CandidateEvaluated.class).stream()
            .sorted(Comparator.comparingInt(RunEvent.CandidateEvaluated::number)).toList();
        Set<Architecture> over = told.stream().filter(RunEvent.CandidateEvaluated::isOver).map(event -> space.parse(event.architecture()))
            .collect(Collectors.toSet());
        List<Candidate> evaluated = told.stream()
            .map(event -> new Candidate(space.parse(event.architecture()), Measures.of(event.measures())))
            .filter(candidate -> front.objectives().stream().allMatch(o -> candidate.measures().values().containsKey(o.measure()))).toList();
        List<Plots.Point> volume = HypervolumeCurve.of(front.objectives(), evaluated,
            candidate -> !over.contains(candidate.architecture())).entrySet().stream()
            .map(place -> new Plots.Point(place.getKey(), place.getValue())).toList();
        return volume.size() < 2
            ? ""
            : Plots.curves("architectures evaluated", "hypervolume", List.of(new Plots.Curve("share of the box that is reached", volume)));
    }

    /** The front itself, which is all there is where nothing is exported. */
    private Report.Best best(Front front) {
        List<String> measures = front.objectives().stream().map(Objective::measure).toList();
        return new Report.Best(measures, front.candidates().stream().map(candidate -> new Report.Row(
            candidate.architecture().toString().replace(",", ", "),
            measures.stream().map(measure -> figure(measure, candidate.measures().get(measure))).toList())).toList());
    }

    private String figure(String measure, double value) {
        return measure.equals(Measure.ACCURACY) ? percent(value) : calls.figure(measure, value);
    }

    /** The front against the first objective beside accuracy. */
    String frontPlot(Front front, Map<String, Measures> evaluated, List<Winner> winners) {
        return plot(front.objectives().stream().filter(objective -> !objective.measure().equals(Measure.ACCURACY)).findFirst()
            .orElseThrow(), front, evaluated, winners);
    }

    private String plot(Objective objective, Front front, Map<String, Measures> evaluated, List<Winner> winners) {
        String measure = objective.measure();
        List<Plots.Point> all = evaluated.values().stream().filter(values -> values.values().containsKey(measure))
            .map(values -> point(measure, values)).toList();
        List<Plots.Point> best = front.candidates().stream().map(Candidate::measures).map(values -> point(measure, values)).toList();
        List<Plots.Point> exported = winners.stream().map(winner -> point(measure, Measures.of(winner.measures()))).toList();
        List<Plots.Point> knee = TradeOff.of(front, objective).knee().map(step -> point(measure, step.candidate().measures())).stream().toList();
        OptionalDouble limit = experiment.limit(measure);
        return Plots.front(calls.axis(measure), objective.direction() == Objective.Direction.MAX, all, best, exported, knee,
            limit.isPresent() ? Plots.onAxis(measure, limit.getAsDouble()) : Double.NaN);
    }

    private static Plots.Point point(String measure, Measures values) {
        return new Plots.Point(Plots.onAxis(measure, values.get(measure)), 100 * values.get(Measure.ACCURACY));
    }

    private String verdict(List<Winner> winners) {
        if (!experiment.hasSupernet()) {
            return "Accuracies are " + (experiment.predictor().isPresent() ? "predicted by a model" : "those of a table")
                + ": there is no supernet, and nothing to export.";
        }
        if (experiment.targets().isEmpty()) {
            return winners.size() + " files exported. The experiment has no targets, so no device was asked: neither their outputs nor "
                + "their latency are checked.";
        }
        long verified = winners.stream().filter(Winner::isVerified).count();
        Optional<Winner> best = winners.stream().filter(Winner::isVerified)
            .max((a, b) -> Double.compare(a.accuracy(), b.accuracy()));
        if (best.isEmpty()) {
            return "No exported file was confirmed by its devices: see the table.";
        }
        String measured = best.get().checks().stream().map(check -> String.format(Locale.ROOT, "%s on %s%s",
            measured(check), check.device(),
            check.latency().asked().map(limit -> " (limit " + millis(limit) + ")")
                .or(() -> check.aim().map(nanos -> " (target " + millis(nanos) + ")")).orElse("")
                + check.p99().asked().map(limit -> ", p99 " + stated(check.p99().measured()) + " (limit " + millis(limit) + ")")
                    .orElse("")
                + check.memory().asked().map(limit -> ", " + (check.memory().isTold() ? megabytes(check.memory().measured()) : "untold")
                    + " of memory (limit " + megabytes(limit) + ")").orElse("")
                + check.energy().asked().map(limit -> ", " + (check.energy().isTold() ? millijoules(check.energy().measured()) : "untold energy")
                    + " (limit " + millijoules(limit) + ")").orElse("")))
            .reduce((a, b) -> a + ", " + b).orElse("");
        return String.format(Locale.ROOT, "%d of %d files confirmed on their devices. The most accurate of them is %s: %s, measured %s. %s.",
            verified, winners.size(), best.get().file(), percent(best.get().accuracy()), measured,
            Agreement.of(winners).map(Agreement::described).orElse(""));
    }

    private Report.Winner row(int rank, Winner winner) {
        double difference = winner.checks().stream().mapToDouble(Winner.Check::difference).max().orElse(0);
        boolean agree = winner.checks().stream().allMatch(Winner.Check::numericsAgree);
        LayerTable layers = LayerTable.of(networks.get(), space.parse(winner.architecture()), CountingRule.MACS);
        return new Report.Winner(rank, rank == 1, winner.architecture().replace(",", ", "), percent(winner.accuracy()),
            millions(winner.measures().get(Measure.MACS)), millions(winner.measures().get(Measure.PARAMS)),
            winner.checks().stream().map(check -> latency(check, winner.missed().contains(check))).toList(),
            winner.checks().isEmpty()
                ? new Report.Judged("–", "")
                : new Report.Judged(String.format(Locale.ROOT, "%.1e", difference), agree ? "good" : "bad"),
            winner.file(), ArchitectureDrawing.svg(winner.file(), layers));
    }

    private static Report.Latency latency(Winner.Check check, boolean missed) {
        Comparison latency = check.latency();
        return new Report.Latency(latency.asked().map(RunReport::millis).or(() -> check.aim().map(nanos -> millis(nanos) + " as target")).orElse("–"),
            latency.predicted().map(RunReport::millis).orElse("–"),
            new Report.Judged(latency.expected().map(RunReport::millis).orElse("–"),
                check.inside().map(inside -> inside ? "good" : "bad").orElse("")),
            new Report.Judged(measured(check), check.aim().isPresent() ? missed ? "bad" : "good" : state(latency)),
            latency.known().map(RunReport::millis).orElse("–"),
            check.p99().foretold(RunReport::millis).orElse("–"),
            new Report.Judged(check.p99().told(RunReport::millis).orElse("–"), state(check.p99())),
            check.memory().foretold(RunReport::megabytes).orElse("–"),
            new Report.Judged(check.memory().told(RunReport::megabytes).orElse("–")
                + (check.runningBytes() > 0 ? ", " + megabytes(check.runningBytes()) + " while it runs" : ""), judged(check.memory())),
            check.energy().foretold(RunReport::millijoules).orElse("–"),
            new Report.Judged(check.energy().told(RunReport::millijoules).orElse("–") + each(check), judged(check.energy())),
            latency.relativeError().map(RunReport::error).orElse("–")
                + check.learned().map(learned -> " (learned" + check.firstError().map(first -> ", first " + error(first)).orElse("") + ")")
                    .orElse(""));
    }

    private static String error(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", 100 * share);
    }

    /** A call, and where it takes several images, one of them. */
    private static String measured(Winner.Check check) {
        long nanos = check.latency().measured();
        return millis(nanos) + (check.batch() > 1 ? " for " + check.batch() + " images, " + millis(nanos / check.batch()) + " each" : "")
            + check.fullNanos().map(full -> " (float32: " + millis(full) + ")").orElse("");
    }

    /** The energy of an image, where a call takes several. */
    private static String each(Winner.Check check) {
        return check.batch() > 1 && check.energy().isTold() ? ", " + millijoules(check.energy().measured() / check.batch()) + " an image" : "";
    }

    /** By what is asked, or where nothing is, by what was expected. */
    private static String judged(Comparison figure) {
        return figure.asked().isPresent() ? state(figure) : figure.inside().map(inside -> inside ? "good" : "bad").orElse("");
    }

    private static String state(Comparison figure) {
        return figure.asked().isEmpty() || !figure.isTold() ? "" : figure.holds() ? "good" : "bad";
    }

    private static Report.Training training(Map<Long, Double> losses, List<Double> sampledPaths, RunHistory history,
        Map<String, Duration> targets) {
        List<Plots.Point> loss = losses.entrySet().stream().map(step -> new Plots.Point(step.getKey(), step.getValue())).toList();
        DoubleSummaryStatistics paths = sampledPaths.stream().mapToDouble(Double::doubleValue).summaryStatistics();
        return new Report.Training(
            loss.isEmpty() ? "" : Plots.curves("step", "training loss", List.of(new Plots.Curve("loss of sampled paths", loss))),
            sampledPaths.isEmpty()
                ? ""
                : String.format(Locale.ROOT, "%d random subnets on validation images: mean accuracy %s, lowest %s, highest %s.",
                    paths.getCount(), percent(paths.getAverage()), percent(paths.getMin()), percent(paths.getMax())),
            pace(history.all(TrainingPace.class).stream().filter(pace -> pace.training().equals(SUPERNET)).toList()),
            history.all(PathsProbed.class).stream().map(RunReport::probed).toList(),
            decided(history.all(DecisionsTaken.class), targets).map(List::of).orElse(List.of()));
    }

    private static Optional<Report.Decided> decided(List<DecisionsTaken> course, Map<String, Duration> targets) {
        if (course.isEmpty()) {
            return Optional.empty();
        }
        List<DecisionsDrawing.Column> columns = course.stream()
            .map(taken -> new DecisionsDrawing.Column(taken.step(), List.of(taken.architecture().split(",")))).toList();
        List<String> layers = IntStream.rangeClosed(1, columns.get(0).choices().size()).mapToObj(layer -> "layer" + layer).toList();
        List<Plots.Curve> latencies = new ArrayList<>();
        course.get(0).latencies().keySet().stream().sorted().forEach(device -> {
            latencies.add(new Plots.Curve(device, course.stream()
                .map(taken -> new Plots.Point(taken.step(), taken.latencies().get(device) / NANOS_A_MILLI)).toList()));
            Optional.ofNullable(targets.get(device)).ifPresent(target -> latencies.add(new Plots.Curve("target of " + device,
                Stream.of(course.get(0), course.get(course.size() - 1))
                    .map(taken -> new Plots.Point(taken.step(), target.toNanos() / NANOS_A_MILLI)).toList())));
        });
        List<Plots.Point> lambda = course.stream().map(taken -> new Plots.Point(taken.step(), taken.lambda())).toList();
        return Optional.of(new Report.Decided(DecisionsDrawing.svg(layers, columns), latencies.isEmpty()
            ? List.of()
            : List.of(Plots.curves("step", "latency of the decisions (ms)", latencies),
                Plots.curves("step", "lambda", List.of(new Plots.Curve("lambda", lambda))))));
    }

    private static String pace(List<TrainingPace> paces) {
        if (paces.isEmpty()) {
            return "";
        }
        double[] speeds = paces.stream().mapToDouble(TrainingPace::imagesPerSecond).sorted().toArray();
        double wait = paces.stream().mapToDouble(TrainingPace::dataWaitShare).average().orElseThrow();
        String memory = paces.stream().map(TrainingPace::memory).filter(Objects::nonNull).max(Long::compare)
            .map(bytes -> String.format(Locale.ROOT, ", at most %,.0f MB of memory", bytes / 1e6)).orElse("");
        return String.format(Locale.ROOT, "Median of %,.0f images a second, %.1f %% of the time waiting for images%s.",
            speeds[speeds.length / 2], 100 * wait, memory);
    }

    private static Report.Probed probed(PathsProbed probed) {
        DoubleSummaryStatistics paths = probed.paths().stream().mapToDouble(PathsProbed.Probed::accuracy).summaryStatistics();
        return new Report.Probed(probed.epoch(), probed.paths().size(), percent(paths.getAverage()), percent(paths.getMin()),
            percent(paths.getMax()), probed.tau() == null ? "–" : String.format(Locale.ROOT, "%.2f", probed.tau()));
    }

    private Report.Ranked ranking(NetworksRanked ranked) {
        Ranking ranking = RankStage.ranking(ranked, experiment.rank().orElseThrow(), experiment.training().seed(), networks.get());
        List<Plots.Point> points = ranked.networks().stream()
            .map(network -> new Plots.Point(100 * network.supernet(), 100 * network.alone())).toList();
        String baselines = ranking.baselines().stream().map(baseline -> baseline.name() + " " + tau(baseline.tau()))
            .collect(Collectors.joining(", "));
        return new Report.Ranked(Plots.scatter("accuracy with the supernet's weights (%)", "accuracy trained alone (%)", points),
            String.format(Locale.ROOT, "%d networks: Kendall's tau %s (95 %% interval), Spearman's rho %s. Without any training: tau of %s. "
                + "The truly best of the supernet's first %d is %.2f points below the best of all.", ranking.networks(),
                tau(ranking.tau()), tau(ranking.spearman()), baselines, ranking.top(), 100 * ranking.topRegret().value())
                + ranking.corrected().map(RunReport::corrected).orElse(""),
            ranking.warning().orElse(""));
    }

    private static String corrected(CorrectedRanking corrected) {
        return String.format(Locale.ROOT, " Corrected by %d of the networks, as the search has it: tau %s on %d that were not learned from.",
            corrected.learned(), tau(corrected.tau()), corrected.judged());
    }

    private static String tau(Estimate estimate) {
        return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", estimate.value(), estimate.low(), estimate.high());
    }

    private List<Report.Fact> provenance(Front front, Map<String, LookupTable> tables, Map<String, Duration> durations) {
        List<Report.Fact> facts = new ArrayList<>();
        front.provenance().forEach((key, value) -> facts.add(new Report.Fact(key, value)));
        facts.add(new Report.Fact("space source", space.source()));
        durations.forEach((stage, time) -> facts.add(new Report.Fact("time for " + stage, clock(time))));
        tables.forEach((device, table) -> {
            var content = table.content();
            facts.add(new Report.Fact("device " + device, content.getDevice().getCpu() + ", " + content.getDevice().getOs() + ", "
                + content.getRuntime().getName() + " " + content.getRuntime().getVersion() + " " + content.getRuntime().getProvider()
                + ", threads " + content.getRuntime().getThreads()));
            MeasuringRules.of(table).forEach(rules -> facts.add(new Report.Fact("rules " + device, rules)));
            facts.add(new Report.Fact("table " + device, table.origin() + ": " + table.entries().size() + " segments"
                + table.calibration().map(fit -> ", " + Profiler.described(fit)).orElse(", not calibrated")));
            new LatencyModel(table).memory().ifPresent(memory -> facts.add(new Report.Fact("memory " + device, String.format(Locale.ROOT,
                "predicted from %d networks; each left out: mean error %.1f %%", memory.fittedOn(), 100 * memory.meanRelativeError()))));
            if (table.isMeasured()) {
                facts.add(new Report.Fact("precision " + device, Profiler.precision(table)
                    + experiment.profile().budget().map(time -> ", within " + time.toMillis() / 1e3 + " s").orElse("")));
            }
            FrontPrecision.of(device, table, networks.get(), front)
                .ifPresent(precision -> facts.add(new Report.Fact("front " + device, precision.described())));
        });
        return facts;
    }

    private static String clock(Duration time) {
        return time.toHours() > 0
            ? time.toHours() + " h " + time.toMinutesPart() + " min"
            : time.toMinutes() > 0 ? time.toMinutes() + " min " + time.toSecondsPart() + " s" : time.toSeconds() + " s";
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    /** What too few samples cannot tell is 0. */
    private static String stated(long nanos) {
        return nanos > 0 ? millis(nanos) : "–";
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.3f ms", nanos / NANOS_A_MILLI);
    }

    private static String millijoules(long nanojoules) {
        return String.format(Locale.ROOT, "%.3f mJ", nanojoules / 1e6);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
    }

    private static String millis(Interval interval) {
        return String.format(Locale.ROOT, "%.3f–%.3f", interval.low() / NANOS_A_MILLI, interval.high() / NANOS_A_MILLI);
    }

    private static String millions(double count) {
        return String.format(Locale.ROOT, "%.2f M", count / 1e6);
    }
}
