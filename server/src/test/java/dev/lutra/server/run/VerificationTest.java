package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.Candidate;
import dev.lutra.search.Constraint;
import dev.lutra.server.comparison.RunComparison;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
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

    private List<RunEvent.TableRepaired> repairs(String name) {
        try (Database database = Database.open(folder.resolve(name).resolve("lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "boxed")).all(RunEvent.TableRepaired.class);
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
            + "3 of 3 are inside their interval");
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
        assertThat(winners).allSatisfy(winner -> assertThat(winner.inside()).contains(true));
        assertThat(Agreement.of(winners).orElseThrow().worst()).as("of entries that are a fifth off").isBetween(-0.1, 0.1);
        assertThat(device.measured()).as("fewer than the %s that a table takes", profiled).hasSizeLessThan(profiled / 2);
        LatencyModel repaired = new LatencyModel(LookupTable.load(folder.resolve("false.json")));
        SearchSpace space = limited.baseSpace();
        assertThat(winners).allSatisfy(winner -> assertThat(winner.checks().get(0).latency().predicted()).as("what lutra predict says")
            .contains(repaired.predict(space.build(space.parse(winner.architecture()))).nanos()));
        assertThat(progress.lines()).anyMatch(line -> line.startsWith("verify: repair 1: the table of box is corrected by "));
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
            assertThat(winner.isVerified()).isEqualTo(memory.measured() <= limit);
        });
        assertThat(Files.readString(folder.resolve("bounded/front.csv"))).contains("memory_mb:box");
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
        assertThat(winners).hasSize(3);
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
        try (ExperimentRun run = open(trained)) {
            run.export();
            run.verify();
        }
        assertThat(compared()).isNotEmpty();
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
