package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An experiment whose devices nobody has: the imported tables are all there is. */
class ImportedTableTest {

    private static final Path TABLES = Path.of("..", "lut").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    private Experiment experiment(String space, String targets, String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("phones.yaml"), """
            name: phones
            space: %s
            data: {train: synthetic}
            search: {population: 12, generations: 3, candidates: 2000}
            targets:
            %s%s
            """.formatted(space, targets.indent(2), more)));
    }

    private Map<String, LookupTable> profile(Experiment experiment, SearchSpace space) {
        try (Database database = Database.open(folder.resolve("profile.db"))) {
            return new Profiler(experiment, space, folder.resolve("run/lut"), "run", () -> {
                throw new AssertionError("a device is asked for");
            }, progress.events(), new ResultStore(database, "run")).run();
        }
    }

    @Test
    void profilesAndSearchesForTwoPhonesWithoutEither() throws IOException {
        Experiment experiment = experiment("ofa-mobilenetv3-12", """
            - {device: note10, latency: {p50: 30 ms}, table: %s}
            - {device: same-at-leisure, latency: {p50: 60 ms}}
            """.formatted(TABLES.resolve("note10-ofa.json")), "profile: {table: " + TABLES.resolve("note10-ofa.json") + "}\n");
        SearchSpace space = experiment.baseSpace();
        Map<String, LookupTable> tables = profile(experiment, space);
        assertThat(tables).containsOnlyKeys("note10", "same-at-leisure");
        assertThat(progress.lines()).hasSize(2).allMatch(line -> line.contains("note10-ofa.json is taken as it is (")
            && line.contains(") and has all of ofa-mobilenetv3-12 for device "));
        Front front = SearchStage.run(experiment.search().algorithm(), experiment, SearchStage.evaluator(experiment, space,
            SearchStage.computed(experiment, space, tables),
            AccuracySource.oneByOne(architecture -> 1 - 1e8 / Cost.of(space.build(architecture).ops()).macs()), CandidateLog.inMemory()),
            progress.events());
        assertThat(front.candidates()).isNotEmpty()
            .allSatisfy(candidate -> assertThat(candidate.measures().values().get(Measure.latency("note10"))).isLessThanOrEqualTo(30e6));
    }

    /** As {@code lutra calibrate} makes it of latencies that others have measured: of no provider and no number of threads. */
    @Test
    void anEstimatedTableIsOfWhateverTargetItIsGivenTo() throws IOException {
        Experiment experiment = experiment("shufflenetv2-cifar", "- {device: phone, table: table.json, threads: 4}\n", "");
        SearchSpace space = experiment.baseSpace();
        EstimatedTable.of(space, Device.newBuilder().setName("elsewhere").build(), Runtime.newBuilder().setName("unknown").build(), "float32", 1)
            .save(folder.resolve("table.json"));
        assertThat(profile(experiment, space)).containsOnlyKeys("phone");
        assertThat(progress.lines()).singleElement().asString().contains("table.json is taken as it is (estimated)");
    }

    @Test
    void whatAnImportedTableLacksIsNamedNotMeasured() throws IOException {
        Path table = TABLES.resolve("pixel1-proxylessnas.json");
        Experiment experiment = experiment("proxylessnas", "- {device: pixel1, table: " + table + "}\n", "");
        byte[] before = Files.readAllBytes(table);
        assertThatThrownBy(() -> profile(experiment, experiment.baseSpace())).isInstanceOf(InputException.class)
            .hasMessageStartingWith(table + ": an imported table without 18 segments of proxylessnas"
                + " for 3x224x224 and 1000 classes: ")
            .hasMessageContaining("(expanded_conv-input:112x112x16-output:56x56x32-expand:3-kernel:3-stride:2-idskip:0)")
            .hasMessageEndingWith("and more (all: lutra lut check)");
        assertThat(Files.readAllBytes(table)).isEqualTo(before);
    }

    @Test
    void anotherNumberOfClassesIsAnotherHead() throws IOException {
        Experiment experiment = experiment("proxylessnas-24", "- {device: pixel1, table: "
            + TABLES.resolve("pixel1-proxylessnas.json")
            + "}\n", "");
        assertThatThrownBy(() -> profile(experiment, experiment.searchSpace(10))).isInstanceOf(InputException.class)
            .hasMessageContaining("without 1 segments of proxylessnas-24 for 3x224x224 and 10 classes")
            .hasMessageContaining("Logits-input:7x7x1280-output:10)");
    }
}
