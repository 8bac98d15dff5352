package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.Energy;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.Candidate;
import dev.lutra.search.Constraint;
import dev.lutra.search.Objective;
import dev.lutra.server.comparison.ComparisonPage;
import dev.lutra.server.comparison.RunComparison;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.SearchSpace;
import dev.lutra.server.view.ReportFile;
import dev.lutra.supernet.evaluation.Calibration;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run does about predictions that a device contradicts, on a device of which the truth is known. */
class VerificationTest {

    private static final String BOX = "targets: [{device: box}]\n";

    @TempDir
    private static Path shared;

    private static LookupTable honest;
    /** Half of the space keeps it. */
    private static long limitNanos;
    private static int profiled;

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();
    private final SimulatedDevice device = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20));

    /** An honest run, whose supernet the others take over and whose table they falsify. */
    @BeforeAll
    static void profile() throws IOException {
        Files.writeString(shared.resolve("space.yaml"), """
            name: kernels
            title: Six layers of three kernels
            source: this test
            input: {channels: 3, size: 8}
            classes: 4
            defaults: {activation: relu}
            choices:
              k3: {block: mb, kernel: 3, expand: 2}
              k5: {block: mb, kernel: 5, expand: 3}
              k7: {block: mb, kernel: 7, expand: 4}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 4}
              - {choices: [k3, k5, k7], channels: 8, repeat: 6}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        SimulatedDevice honestDevice = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20));
        try (ExperimentRun run = ExperimentRun.open(experiment(shared, "{epochs: 1, batch: 8, probes: 0}", BOX), new RunFolder(
            shared.resolve("honest")), honestDevice, new SaidLines(), "test")) {
            run.train();
            honest = run.profile().get("box");
        }
        limitNanos = 4 * honest.entries().stream().mapToLong(entry -> entry.getLatency().getP50Nanos()).max().orElseThrow();
        profiled = honestDevice.measured().size();
    }

    private Experiment experiment(String more) throws IOException {
        return experiment(folder, "{from: " + shared.resolve("honest") + "}", more);
    }

    private static Experiment experiment(Path folder, String supernet, String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("boxed.yaml"), """
            name: boxed
            space: %s
            data: {train: "synthetic:4x20"}
            supernet: %s
            evaluation: {recalibration-images: 16, evaluators: 1}
            objectives: [accuracy, latency, max params]
            search: {budget: 20, candidates: 1000}
            export: {top: 3}
            profile: {calibrate: 8, held-out: 4}
            """.formatted(shared.resolve("space.yaml"), supernet) + more));
    }

    private List<Winner> run(Experiment experiment, String name) {
        return run(experiment, name, progress);
    }

    private List<Winner> run(Experiment experiment, String name, SaidLines told) {
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve(name)), device, told, "test")) {
            run.all();
            return run.winners();
        }
    }

    private int timesWhole() {
        return (int) device.measured().stream().filter(task -> task.getLabel().equals("latency")).count();
    }

    private List<RunEvent.TableRepaired> repairs(String name) {
        return told(name, RunEvent.TableRepaired.class);
    }

    private <E extends RunEvent> List<E> told(String name, Class<E> kind) {
        try (Database database = Database.open(folder.resolve(name).resolve("lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "boxed")).all(kind);
        }
    }

    /** The slower entries are 20 % too fast, and whole networks are made to agree with them. */
    private static LookupTable falsified(LookupTable table) {
        return falsified(table, entry -> entry.getLabel().endsWith("k7") || entry.getLabel().endsWith("k5"));
    }

    private static LookupTable falsified(LookupTable table, Predicate<Entry> which) {
        LookupTable lying = table.withEntries(table.entries().stream().map(entry -> which.test(entry) ? faster(entry) : entry).toList());
        return TargetTable.with(lying, table.networks().stream().map(network -> faster(network, table, lying)).toList());
    }

    private static Entry faster(Entry entry) {
        Entry.Builder lie = entry.toBuilder();
        lie.getLatencyBuilder().setP50Nanos(Math.round(0.8 * entry.getLatency().getP50Nanos()))
            .setP90Nanos(0).setP99Nanos(0);
        return lie.build();
    }

    private static WholeNetwork faster(WholeNetwork network, LookupTable table, LookupTable lying) {
        WholeNetwork.Builder lie = network.toBuilder();
        double share = (double) lying.sumNanos(network.getSegmentsList()) / table.sumNanos(network.getSegmentsList());
        lie.getLatencyBuilder().setP50Nanos(Math.round(share * network.getLatency().getP50Nanos())).setP90Nanos(0).setP99Nanos(0);
        return lie.build();
    }

    private Experiment limited(String table, long nanos, String more) throws IOException {
        return experiment("targets: [{device: box, table: " + table + ", latency: {p50: " + nanos + " ns}}]\n" + more);
    }

    /** With the falsified table and the limit of all. */
    private Experiment limited(String more) throws IOException {
        falsified(honest).save(folder.resolve("false.json"));
        return limited("false.json", limitNanos, more);
    }

    /** The CPU's runtime says what files compute, the one that is asked for how long it takes; each is named by its own version. */
    @Test
    void aRuntimeThatOnlyTimesIsSearchedForAndVerified() throws IOException {
        SimulatedDevice timer = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20)).withTimerOnly("trt");
        Path own = Files.createDirectories(folder.resolve("own"));
        try (ExperimentRun run = ExperimentRun.open(experiment(own, "{from: " + shared.resolve("honest") + "}",
            "targets: [{device: box, provider: trt}]\n"), new RunFolder(own.resolve("run")), timer, progress, "test")) {
            run.all();
            assertThat(run.winners()).isNotEmpty().allMatch(Winner::isVerified);
        }
        assertThat(timer.measured()).isNotEmpty().allMatch(task -> task.getProvider().equals("trt"));
        try (var tables = Files.list(own.resolve("run/lut"))) {
            assertThat(tables.filter(file -> file.toString().endsWith(".json")).map(LookupTable::load).toList()).singleElement().satisfies(table -> {
                assertThat(table.content().getRuntime().getName()).isEqualTo("trt");
                assertThat(table.content().getRuntime().getVersion()).isEqualTo("8");
            });
        }
    }

    /** Beside the file that predictions are of, by every device, against the network as that file has it. */
    @Test
    void winnersInIntegersAreRunOnTheDeviceToo() throws IOException {
        honest.save(folder.resolve("honest.json"));
        Experiment real = experiment("targets: [{device: box, table: honest.json}]\n");
        Experiment inIntegers = real.withInt8(Calibration.read(YamlNode.parse("--int8", "{calibration: min-max, images: 16}")));
        List<Winner> winners = run(inIntegers, "run");
        assertThat(winners).hasSize(3).allMatch(Winner::isVerified);
        List<RunEvent.FileVerified> told = told("run", RunEvent.FileVerified.class);
        winners.forEach(winner -> {
            Winner.Check check = winner.checks().get(0);
            InIntegers integers = check.integers().orElseThrow();
            assertThat(integers.p50Nanos()).as("of the file that has more nodes").isGreaterThan(check.latency().measured());
            assertThat(integers.difference()).isLessThan(0.1);
            assertThat(told).filteredOn(event -> event.file().equals(winner.file())).extracting(RunEvent.FileVerified::p50InIntegers)
                .containsExactly(integers.p50Nanos());
        });
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains("(int8: ");
        Experiment otherwise = real.withInt8(Calibration.read(YamlNode.parse("--int8", "{calibration: entropy, images: 16}")));
        try (ExperimentRun run = ExperimentRun.open(otherwise, new RunFolder(folder.resolve("run")), device, progress, "test")) {
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class).hasMessage(folder.resolve("run/export/winner-1-int8.onnx")
                + ": of another calibration: export.int8.calibration min-max (expected: entropy): lutra export again");
        }
        Files.delete(folder.resolve("run/export/winner-2-int8.onnx"));
        try (ExperimentRun run = ExperimentRun.open(inIntegers, new RunFolder(folder.resolve("run")), device, progress, "test")) {
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class)
                .hasMessage(folder.resolve("run/export/winner-2-int8.onnx") + ": no such file (expected: after lutra export)");
        }
    }

    @Test
    void anHonestTableIsNotRepaired() throws IOException {
        honest.save(folder.resolve("honest.json"));
        byte[] before = Files.readAllBytes(folder.resolve("honest.json"));
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: honest.json}")), "run");
        assertThat(Files.readAllBytes(folder.resolve("honest.json"))).isEqualTo(before);
        assertThat(winners).hasSize(3).allMatch(Winner::isVerified);
        assertThat(repairs("run")).isEmpty();
        Agreement agreement = Agreement.of(winners).orElseThrow();
        assertThat(agreement.described()).matches("3 measured latencies: no limit is asked for; predictions were off by \\d.\\d % at most, "
            + "(\\d) of \\1 are inside their interval(; tables have learned from \\d)?");
        assertThat(progress.lines()).contains("verify: " + agreement.described());
        assertThat(winners).isSortedAccordingTo((a, b) -> Double.compare(b.accuracy(), a.accuracy()));
        assertThat(winners.stream().map(Winner::file)).containsExactly("winner-1.onnx", "winner-2.onnx", "winner-3.onnx");
    }

    @Test
    void aFalsifiedTableEndsWithNetworksThatHoldAsMeasured() throws IOException {
        Experiment limited = limited("");
        List<Winner> winners = run(limited, "repaired");
        assertThat(repairs("repaired")).isNotEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3);
        assertThat(winners.stream().flatMap(winner -> winner.inside().stream())).doesNotContain(false);
        assertThat(Agreement.of(winners).orElseThrow().worst()).as("of entries that are a fifth off").isBetween(-0.1, 0.1);
        Set<String> learned = repairs("repaired").stream().flatMap(repair -> repair.networks().stream()).collect(Collectors.toSet());
        assertThat(winners).filteredOn(winner -> learned.contains(winner.architecture())).as("are no test of the table any more")
            .allSatisfy(winner -> assertThat(winner.inside()).isEmpty());
        Set<String> tested = winners.stream().filter(winner -> winner.inside().isPresent()).map(Winner::architecture).collect(Collectors.toSet());
        assertThat(tested).doesNotContainAnyElementsOf(learned);
        assertThat(device.measured()).as("fewer than the %s that a table takes", profiled).hasSizeLessThan(profiled / 2);
        LatencyModel repaired = new LatencyModel(LookupTable.load(folder.resolve("false.json")));
        SearchSpace space = limited.baseSpace();
        assertThat(winners).allSatisfy(winner -> assertThat(winner.checks().get(0).latency().predicted()).as("what lutra predict says")
            .contains(repaired.predict(space.build(space.parse(winner.architecture()))).nanos()));
        assertThat(progress.lines()).anyMatch(line -> line.startsWith("verify: repair 1: the table of box is corrected by "));
        assertThat(progress.lines())
            .anyMatch(line -> line.contains("; tables have learned from ") && line.contains(", before which they were off by "));
        List<RunEvent.CandidateEvaluated> told = told("repaired", RunEvent.CandidateEvaluated.class);
        assertThat(told).hasSizeGreaterThan(20).as("by the repaired table, those too that keep the limit no more").allSatisfy(candidate -> {
            long nanos = repaired.predict(space.build(space.parse(candidate.architecture()))).nanos();
            assertThat(candidate.measures()).containsEntry("latency:box", (double) nanos);
            assertThat(candidate.isOver() || nanos <= limitNanos).isTrue();
        }).anyMatch(RunEvent.CandidateEvaluated::isOver);
        RunComparison comparison = RunComparison.of(List.of(folder.resolve("repaired"), folder.resolve("repaired")));
        assertThat(comparison.evaluations()).containsOnly(told.size());
        assertThat(comparison.curves().get(0).get(told.size())).as("which nobody has reached with what misses the limit")
            .isCloseTo(comparison.hypervolumes().get(0), within(1e-9));
        assertThat(comparison.durations()).containsKeys("search", "verify");
        assertThat(comparison.durations().get("verify")).allMatch(time -> !time.isZero());
        assertThat(Files.readString(folder.resolve("repaired/front.json"))).contains("\"verify.repairs\"");
    }

    @Test
    void withoutRepairsAnotherNetworkTakesThePlaceOfOneThatMissesTheLimit() throws IOException {
        Experiment limited = limited("verify: {repairs: 0}\n");
        byte[] before = Files.readAllBytes(folder.resolve("false.json"));
        List<Winner> winners = run(limited, "unrepaired");
        assertThat(Files.readAllBytes(folder.resolve("false.json"))).isEqualTo(before);
        assertThat(winners).hasSizeGreaterThan(3);
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3);
        assertThat(progress.lines()).contains("warning: predicted and measured do not agree, or a limit does not hold: 0 repairs are done, and "
            + "no more are asked for (verify.repairs)");
    }

    @Test
    void aBudgetThatIsSpentEndsRepairs() throws IOException {
        run(limited("verify: {budget: 1 ns}\n"), "short");
        assertThat(repairs("short")).isEmpty();
        assertThat(timesWhole()).as("the winners that are asked for, and none in the place of others").isEqualTo(3);
        assertThat(progress.lines()).anyMatch(line -> line.matches(
            "warning: the time is spent \\(verify.budget\\): [0-2] of the 3 networks that are wanted stand, and \\d+ more of the front were "
                + "not measured"));
        assertThat(progress.lines()).anyMatch(line -> line.endsWith("the time for repairs is spent (verify.budget)"));
        assertThat(limited("verify: {budget: 5 min}\n").verify().budget()).contains(Duration.ofMinutes(5));
    }

    /** Where nothing could keep the limits by what was measured, nothing is changed, and the warning says what can be reached. */
    @Test
    void limitsThatNothingKeepsLeaveTheTableAsItWas() throws IOException {
        LookupTable lying = falsified(honest, entry -> true);
        lying.save(folder.resolve("false.json"));
        byte[] before = Files.readAllBytes(folder.resolve("false.json"));
        List<Winner> winners = run(limited("false.json", (fastest(lying) + fastest(honest)) / 2, ""), "impossible");
        assertThat(winners).isNotEmpty().noneMatch(Winner::isVerified);
        assertThat(Files.readAllBytes(folder.resolve("false.json"))).isEqualTo(before);
        assertThat(progress.lines()).anyMatch(line -> line.startsWith("warning: by what was measured nothing keeps the limits, so that the "
            + "tables are left as they are: "));
    }

    /** The table as it would be with another p99 of whole networks. */
    private static LookupTable withTail(LookupTable table, double times) {
        return with(table, network -> {
            WholeNetwork.Builder tailed = network.toBuilder();
            long p99 = Math.round(times * network.getLatency().getP50Nanos());
            tailed.getLatencyBuilder().setP99Nanos(p99).setMaxNanos(p99);
            return tailed.build();
        });
    }

    private static LookupTable with(LookupTable table, UnaryOperator<WholeNetwork> change) {
        return TargetTable.with(table, table.networks().stream().map(change).toList());
    }

    /** Whatever part of an experiment bounds it: a device takes as many samples as tell it. */
    @Test
    void aLimitOnP99HoldsAsMeasured() throws IOException {
        withTail(honest, 1.5).save(folder.resolve("tailed.json"));
        device.withTail(1.5);
        long limit = Math.round(1.5 * limitNanos);
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: tailed.json}") + "constraints: {p99: " + limit + " ns}\n"), "tailed");
        assertThat(repairs("tailed")).isEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3).allSatisfy(winner -> {
            Comparison p99 = winner.checks().get(0).p99();
            assertThat(p99.asked()).contains(limit);
            assertThat(p99.inside()).contains(true);
            assertThat(p99.measured()).isBetween(winner.checks().get(0).latency().measured() + 1, limit);
        });
    }

    @Test
    void aP99ThatTheTableTakesForShorterIsRepaired() throws IOException {
        withTail(honest, 1.1).save(folder.resolve("tailed.json"));
        device.withTail(1.5);
        long limit = Math.round(1.3 * limitNanos);
        List<Winner> winners = run(experiment("targets: [{device: box, table: tailed.json, latency: {p99: " + limit + " ns}}]\n"), "tailed");
        assertThat(repairs("tailed")).isNotEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3)
            .allSatisfy(winner -> assertThat(winner.checks().get(0).p99().measured()).isBetween(1L, limit));
        assertThat(new LatencyModel(LookupTable.load(folder.resolve("tailed.json"))).p99Nanos(100_000)).as("which it has learned")
            .isBetween(120_000L, 155_000L);
    }

    /** Nobody knows whether it holds: that is no miss, nothing is learned from it, and no other network is measured instead. */
    @Test
    void aP99ThatADeviceDoesNotTellIsNeitherKeptNorMissed() throws IOException {
        withTail(honest, 1.5).save(folder.resolve("tailed.json"));
        device.withTail(0);
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: tailed.json}") + "constraints: {p99: " + 2 * limitNanos + " ns}\n"),
            "untold");
        assertThat(winners).hasSize(3).noneMatch(Winner::isVerified).noneMatch(Winner::isRefused);
        assertThat(repairs("untold")).isEmpty();
        assertThat(timesWhole()).isEqualTo(3);
        assertThat(winners.get(0).checks().get(0).p99().told(nanos -> nanos + " ns")).contains("not told, of " + 2 * limitNanos + " ns");
    }

    /** The slowest target's latency is every target's. */
    @Test
    void aLimitOnTheWorstLatencyHoldsAsMeasured() throws IOException {
        falsified(honest).save(folder.resolve("false.json"));
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: false.json}") + "constraints: {worst-latency: " + limitNanos + " ns}\n"),
            "worst");
        assertThat(repairs("worst")).isNotEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3).allSatisfy(winner -> {
            assertThat(winner.checks().get(0).latency().asked()).contains(limitNanos);
            assertThat(winner.checks().get(0).latency().measured()).isLessThanOrEqualTo(limitNanos);
        });
    }

    /** A table whose networks take a third less than the device has told. */
    @Test
    void memoryThatTheTableTakesForLessIsRepaired() throws IOException {
        LookupTable lying = with(honest, network -> {
            WholeNetwork.Builder lie = network.toBuilder();
            if (network.hasMemory()) {
                lie.getMemoryBuilder().getMeasuredBuilder().setPeakBytes(Math.round(0.67 * network.getMemory().getMeasured().getPeakBytes()));
            }
            return lie.build();
        });
        lying.save(folder.resolve("lying.json"));
        long limit = peak(honest, experiment(BOX).baseSpace(), "k5,k5,k5,k5,k5,k5");
        assertThat(peak(lying, experiment(BOX).baseSpace(), "k7,k7,k7,k7,k7,k7")).as("so that the search goes beyond").isLessThan(limit);
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: lying.json}") + "constraints: {memory: " + limit + " B}\n"), "memory");
        assertThat(repairs("memory")).isNotEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3)
            .allSatisfy(winner -> assertThat(winner.checks().get(0).memory().measured()).isBetween(1L, limit));
    }

    /** At 4 W; the table thinks 3. */
    @Test
    void energyThatTheTableTakesForLessIsRepaired() throws IOException {
        LookupTable told = LookupTable.of(honest.content().toBuilder().setCallEnergy(energy(3 * 2000.0)).build()).withEntries(
            honest.entries().stream().map(entry -> entry.toBuilder().setEnergy(energy(3.0 * entry.getLatency().getP50Nanos())).build()).toList());
        LookupTable lying = TargetTable.with(told, honest.networks().stream()
            .map(network -> network.toBuilder().setEnergy(energy(3.0 * network.getLatency().getP50Nanos())).build()).toList());
        lying.save(folder.resolve("lying.json"));
        device.taking(4);
        long limit = 4 * limitNanos;
        List<Winner> winners = run(experiment(BOX.replace("}", ", table: lying.json}") + "constraints: {energy: " + limit + " nJ}\n"), "energy");
        assertThat(repairs("energy")).isNotEmpty();
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3)
            .allSatisfy(winner -> assertThat(winner.checks().get(0).energy().measured()).isBetween(1L, limit));
    }

    private static Energy energy(double nanojoules) {
        return Energy.newBuilder().setNanojoules(nanojoules).setHalfWidthNanojoules(0.01 * nanojoules).setIdleWatts(3).setWindows(5)
            .setSource("simulated").build();
    }

    /** Before anything is measured, also where the table is there and has some. */
    @Test
    void fewerNetworksThanTellMemoryAreRefusedAtTheStart() throws IOException {
        LookupTable one = with(honest, network -> network.equals(honest.networks().get(0)) ? network : network.toBuilder().clearMemory().build());
        one.save(folder.resolve("one.json"));
        String asked = BOX.replace("}", ", table: one.json}") + "constraints: {memory: 9 MB}\n";
        Experiment few = experiment(asked);
        String text = Files.readString(folder.resolve("boxed.yaml"));
        Experiment three = ExperimentFile.read(Files.writeString(folder.resolve("three.yaml"),
            text.replace("calibrate: 8, held-out: 4", "calibrate: 2, held-out: 1")));
        assertThatThrownBy(() -> run(three, "three")).isInstanceOf(InputException.class).hasMessage("memory:box: profile.calibrate and "
            + "profile.held-out: 3 networks of the 729 of kernels (expected: 4 at least, and no more than it has: memory is predicted from "
            + "whole networks)");
        assertThat(device.measured()).isEmpty();
        profile(few, "twelve", device);
        assertThat(new LatencyModel(LookupTable.load(folder.resolve("one.json"))).memory()).isPresent();
    }

    private static long peak(LookupTable table, SearchSpace space, String architecture) {
        LatencyModel model = new LatencyModel(table);
        return model.memory().orElseThrow().predict(model.memoryOf(space.build(space.parse(architecture)))).bytes();
    }

    @Test
    void aLimitOnMemoryHoldsAsMeasured() throws IOException {
        honest.save(folder.resolve("honest.json"));
        SearchSpace space = experiment(BOX).baseSpace();
        long limit = peak(honest, space, "k5,k5,k5,k5,k5,k5");
        assertThat(peak(honest, space, "k7,k7,k7,k7,k7,k7")).isGreaterThan(limit);
        Experiment bounded = experiment(BOX.replace("}", ", table: honest.json}")
            + "constraints: {memory: " + limit + " B}\n");
        List<Winner> winners = run(bounded, "bounded");
        assertThat(winners.stream().filter(Winner::isVerified)).hasSize(3);
        assertThat(winners).allSatisfy(winner -> {
            Comparison memory = winner.checks().get(0).memory();
            assertThat(memory.asked()).contains(limit);
            assertThat(memory.predicted().orElseThrow()).isLessThanOrEqualTo(limit);
            assertThat(memory.inside()).contains(true);
            assertThat(winner.checks().get(0).runningBytes()).isBetween(1L, memory.measured() - 1);
            assertThat(winner.isVerified()).isEqualTo(memory.measured() <= limit);
        });
        assertThat(Files.readString(folder.resolve("bounded/front.csv"))).contains("memory_mb:box");
        assertThat(ReportFile.run(folder.resolve("bounded/report.html"))).contains(" MB while it runs", " MB to ");
    }

    /** A table of a time when memory was not measured is extended by networks whose memory is. */
    @Test
    void aTableWithoutMemoryIsMeasuredOnWhereTheExperimentAsks() throws IOException {
        LookupTable old = TargetTable.with(honest, honest.networks().stream().map(network -> network.toBuilder().clearMemory().build()).toList());
        old.save(folder.resolve("old.json"));
        String target = BOX.replace("}", ", table: old.json}");
        profile(experiment(target), "before", device);
        assertThat(device.measured()).isEmpty();
        profile(experiment(target + "constraints: {memory: 9 MB}\n"), "after", device);
        assertThat(device.measured()).isNotEmpty().hasSizeLessThan(profiled);
        assertThat(new LatencyModel(LookupTable.load(folder.resolve("old.json"))).memory().orElseThrow().meanRelativeError()).isLessThan(0.1);
    }

    @Test
    void aDeviceThatDoesNotTellMemoryIsNotAskedToKeepALimit() throws IOException {
        SimulatedDevice silent = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20)).withoutMemory();
        assertThatThrownBy(() -> profile(experiment(BOX + "constraints: {memory: 9 MB}\n"), "silent", silent)).isInstanceOf(InputException.class)
            .hasMessage("memory:box: this device does not tell how much memory a model takes (it is made so)");
        assertThat(silent.measured()).isEmpty();
        LookupTable table = profile(experiment(BOX), "free", silent);
        assertThat(new LatencyModel(table).memory()).isEmpty();
        table.save(folder.resolve("free.json"));
        Experiment weighed = experiment(BOX.replace("}", ", table: free.json}").replace("\n", "\nconstraints: {memory: 9 MB}\n"));
        assertThatThrownBy(() -> SearchStage.computed(weighed, weighed.baseSpace(), Map.of("box", table))).isInstanceOf(InputException.class)
            .hasMessageStartingWith("memory:box: ").hasMessageContaining(" tells no peak memory (expected: ");
    }

    /** A verdict and a latency beside an accuracy of other weights would be of no network. */
    @Test
    void comparisonsShowWhatDevicesSaidOfTheFrontsOwnFiles() throws IOException {
        honest.save(folder.resolve("honest.json"));
        String targets = BOX.replace("}", ", table: honest.json}");
        run(experiment(targets), "twice");
        List<RunComparison.Winner> winners = compared();
        assertThat(winners).hasSize(3).allSatisfy(winner -> assertThat(winner.retrained()).isEmpty());
        assertThat(ComparisonPage.figures(RunComparison.of(List.of(folder.resolve("twice"), folder.resolve("twice")))))
            .contains(new ComparisonPage.Row("supernet trained by", Collections.nCopies(2, shared.resolve("honest").toString())));
        try (ExperimentRun run = open(experiment(targets))) {
            run.export();
        }
        assertThat(compared()).as("the same files again").isEqualTo(winners);

        String text = Files.readString(folder.resolve("boxed.yaml"));
        Path unfolded = Files.writeString(folder.resolve("unfolded.yaml"), text.replace("top: 3", "top: 3, fold-batch-norm: false"));
        try (ExperimentRun run = open(ExperimentFile.read(unfolded))) {
            run.export();
        }
        assertThat(compared()).as("other files of the same networks").isEmpty();
        run(experiment(targets), "twice");
        assertThat(compared()).hasSize(3);

        Experiment trained = experiment(folder, "{epochs: 2, batch: 8, probes: 0}", targets);
        try (ExperimentRun run = open(trained)) {
            run.train();
            Set<String> front = run.search().candidates().stream().map(one -> one.architecture().toString()).collect(Collectors.toSet());
            assertThat(winners).as("so that there is something to mistake").extracting(RunComparison.Winner::architecture).anyMatch(front::contains);
        }
        assertThat(compared()).as("other weights").isEmpty();
        RunComparison trainings = RunComparison.of(List.of(folder.resolve("twice"), folder.resolve("twice")));
        assertThat(trainings.peakBytes()).as("of the training that this run has had").allMatch(bytes -> bytes > 10_000_000);
        assertThat(trainings.durations().get("train")).allMatch(time -> !time.isZero());
        assertThat(trainings.supernetsOf()).containsOnly(Optional.empty());
        try (ExperimentRun run = open(trained)) {
            run.export();
            run.verify();
        }
        assertThat(compared()).isNotEmpty();
    }

    @Test
    void comparisonsShowWhatWinnersReachByThemselves() throws IOException {
        honest.save(folder.resolve("honest.json"));
        experiment(BOX.replace("}", ", table: honest.json}") + "retrain: {epochs: 1, batch: 8}\n");
        Path file = folder.resolve("boxed.yaml");
        Files.writeString(file,
            Files.readString(file).replace("{train: \"synthetic:4x20\"}", "{train: \"synthetic:4x20\", test: \"synthetic:4x10\"}"));
        Map<String, Double> alone;
        try (ExperimentRun run = open(ExperimentFile.read(file))) {
            run.all();
            alone = run.retrain(RetrainRequest.WINNERS).stream()
                .collect(Collectors.toMap(RetrainedNetwork::architecture, network -> network.after().top1()));
            run.test(false);
        }
        assertThat(compared()).hasSize(3).allSatisfy(winner -> {
            assertThat(winner.retrained()).contains(alone.get(winner.architecture()));
            assertThat(winner.tested()).hasValueSatisfying(share -> assertThat(40 * share).isCloseTo(Math.rint(40 * share), within(1e-9)));
        });
    }

    /** Of a call of one image and of a call of eight there is no common box, nor an axis. */
    @Test
    void latenciesOfOtherBatchesAreNotCompared() throws IOException {
        honest.save(folder.resolve("honest.json"));
        run(experiment(BOX.replace("}", ", table: honest.json}")), "single");
        run(experiment("targets: [{device: box, batch: 8}]\n"), "eight");
        RunComparison comparison = RunComparison.of(List.of(folder.resolve("single"), folder.resolve("eight")));
        assertThat(comparison.objectives()).extracting(Objective::measure).containsExactly("accuracy", "params");
        assertThat(comparison.winners()).filteredOn(winner -> winner.run().equals("eight")).isNotEmpty()
            .allSatisfy(winner -> assertThat(winner.batch()).isEqualTo(8));
        assertThat(ComparisonPage.of(comparison).html()).contains(" ms for 8 images");
        RunComparison same = RunComparison.of(List.of(folder.resolve("eight"), folder.resolve("eight")));
        assertThat(same.objectives()).extracting(Objective::measure).contains("latency:box");
        assertThat(ComparisonPage.of(same).html()).contains("8 images a call");
    }

    private ExperimentRun open(Experiment experiment) {
        return ExperimentRun.open(experiment, new RunFolder(folder.resolve("twice")), device, progress, "test");
    }

    private List<RunComparison.Winner> compared() {
        return RunComparison.of(List.of(folder.resolve("twice"), folder.resolve("twice"))).winners().stream()
            .filter(winner -> winner.run().equals("twice")).toList();
    }

    /** 4 W while it computes: a limit of energy is one of time, and both hold as measured. */
    @Test
    void aLimitOnEnergyHoldsAsMeasured() throws IOException {
        SimulatedDevice telling = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20)).taking(4);
        long limit = Math.round(4 * new LatencyModel(honest).predict(experiment(BOX).baseSpace().build(
            experiment(BOX).baseSpace().parse("k5,k5,k5,k5,k5,k5"))).nanos());
        Experiment bounded = experiment(BOX + "constraints: {energy: " + limit + " nJ}\n");
        try (ExperimentRun run = ExperimentRun.open(bounded, new RunFolder(folder.resolve("bounded")), telling, progress, "test")) {
            run.all();
            assertThat(run.winners().stream().filter(Winner::isVerified)).hasSize(3);
            assertThat(run.winners()).allSatisfy(winner -> {
                Comparison energy = winner.checks().get(0).energy();
                assertThat(energy.asked()).contains(limit);
                assertThat(energy.measured() / 4.0).isCloseTo(winner.checks().get(0).latency().measured(), within(1.0));
                assertThat(energy.predicted().orElseThrow()).isLessThanOrEqualTo(limit);
                assertThat(winner.isVerified()).isEqualTo(energy.measured() <= limit);
            });
            assertThat(Files.readString(folder.resolve("bounded/front.csv"))).contains("energy_mj:box");
        }
    }

    @Test
    void aDeviceThatDoesNotTellEnergyIsRefused() throws IOException {
        assertThatThrownBy(() -> profile(experiment(BOX + "constraints: {energy: 5 mJ}\n"), "silent", device)).isInstanceOf(InputException.class)
            .hasMessage("energy:box: this device does not tell energy (it is made so)");
        assertThat(device.measured()).isEmpty();
        honest.save(folder.resolve("honest.json"));
        SimulatedDevice telling = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20)).taking(4);
        assertThatThrownBy(() -> profile(experiment(BOX.replace("}", ", table: honest.json}") + "constraints: {energy: 5 mJ}\n"), "old",
            telling)).isInstanceOf(InputException.class).hasMessageContaining(" was measured without energy (expected: ");
    }

    private LookupTable profile(Experiment experiment, String name, SimulatedDevice on) {
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve(name)), on, progress, "test")) {
            return run.profile().get("box");
        }
    }

    private long fastest(LookupTable table) throws IOException {
        SearchSpace space = experiment(BOX).baseSpace();
        return new LatencyModel(table).predict(space.build(space.parse("k3,k3,k3,k3,k3,k3"))).nanos();
    }

    /** Another point of the front, exported afterwards as winners are, and one that is not on it. */
    @Test
    void aNetworkIsPickedWithoutSearchingAgain() throws IOException {
        honest.save(folder.resolve("honest.json"));
        Experiment experiment = experiment(BOX.replace("}", ", table: honest.json}"));
        run(experiment, "run");
        SaidLines later = new SaidLines();
        try (ExperimentRun run = ExperimentRun.open(StoredExperiment.read(new RunFolder(folder.resolve("run"))), new RunFolder(
            folder.resolve("run")), device, later, "test")) {
            Candidate second = run.searched().front().candidates().get(1);
            double nanos = second.measures().get("latency:box");
            Winner picked = run.pick(List.of(Constraint.atMost("latency:box", nanos).from("--latency")), Optional.empty());
            assertThat(picked.measures().get("latency:box")).isLessThanOrEqualTo(nanos);
            assertThat(picked.checks()).singleElement().satisfies(check -> {
                assertThat(check.latency().asked()).as("what was asked of it, not of the search").hasValue(Math.round(nanos));
                assertThat(check.withinLimit()).as("by what was measured").isEqualTo(check.latency().measured() <= Math.round(nanos));
            });
            assertThat(picked.accuracy())
                .isEqualTo(run.searched().front().within(List.of(Constraint.atMost("latency:box", nanos))).candidates().stream()
                    .mapToDouble(Candidate::accuracy).max().orElseThrow());
            Winner other = run.pick(List.of(), Optional.of("k7,k7,k7,k7,k7,k7"));
            assertThat(OnnxFile.metadata(folder.resolve("run/export").resolve(other.file())))
                .containsEntry(OnnxMetadata.ARCHITECTURE, "k7,k7,k7,k7,k7,k7").containsKeys(OnnxMetadata.DATA_MEAN, OnnxMetadata.DATA_DEVIATION)
                .containsKeys(OnnxMetadata.DATA_PREPARATION, OnnxMetadata.NETWORK);
            assertThat(other.checks()).singleElement().satisfies(check -> assertThat(check.numericsAgree()).as("recalibrated").isTrue());
            assertThatThrownBy(() -> run.pick(List.of(Constraint.atMost("p99:phone", 1).from("--p99")), Optional.empty()))
                .isInstanceOf(InputException.class).hasMessageStartingWith("--p99: the front does not tell p99:phone (expected: one of accuracy, ");
            assertThatThrownBy(() -> run.pick(List.of(Constraint.atMost("latency:box", 1).from("--latency")), Optional.empty()))
                .isInstanceOf(InputException.class).hasMessageStartingWith("--latency: no network of the front keeps latency:box ≤ ")
                .hasMessageMatching(".*the nearest has 0\\.0\\d+ ms\\)");
        }
        assertThat(later.begun()).doesNotContain("search", "search on", "train");
    }

    /** Broken while it measures, while it searches on, and while it exports what that found. */
    @Test
    void aRunThatIsKilledEndsAsOneThatIsNot() throws IOException {
        List<Winner> unbroken = run(limited(""), "unbroken");
        record Break(String work, int time, int step) {}
        for (Break kill : List.of(new Break("verify", 1, 2), new Break("search on", 1, 3), new Break("export", 2, 1))) {
            String name = kill.work().replace(' ', '-');
            falsified(honest).save(folder.resolve(name + ".json"));
            Experiment experiment = limited(name + ".json", limitNanos, "");
            int[] begun = {0};
            SaidLines broken = new SaidLines(what -> what.equals(kill.work()) && counted(begun, kill.time(), kill.step()), kill.step());
            assertThatThrownBy(() -> run(experiment, name, broken)).as(name).hasMessage("cut off");
            assertThat(run(experiment, name)).as(name).isEqualTo(unbroken);
            assertThat(folder.resolve(name + ".json")).hasSameTextualContentAs(folder.resolve("false.json"));
            assertThat(folder.resolve(name).resolve("front.csv")).hasSameTextualContentAs(folder.resolve("unbroken/front.csv"));
        }
        assertThat(run(limited("false.json", limitNanos, ""), "unbroken")).as("when nothing is left to do").isEqualTo(unbroken);
    }

    /** Asked at every step of work of the name: whether it is of the time that is meant. */
    private static boolean counted(int[] steps, int time, int step) {
        return ++steps[0] > (time - 1) * step;
    }
}
