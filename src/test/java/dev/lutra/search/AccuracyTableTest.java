package dev.lutra.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.space.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccuracyTableTest {

    private static final Architecture ONE = SmallProblem.SPACE.parse("0,1,2,3,0,1");
    private static final Architecture OTHER = SmallProblem.SPACE.parse("3,3,3,3,3,3");

    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("table.csv"), text);
    }

    private AccuracyTable table(String text) throws IOException {
        return AccuracyFile.of(file(text)).load(SmallProblem.SPACE);
    }

    @Test
    void architecturesInAnyTextForm() throws IOException {
        AccuracyTable table = table("\uFEFFaccuracy,arch\r\n0.75,\"k3, k5,k7,xception,k3,k5\"\n\n0.5,\"3,3,3,3,3,3\"");
        assertThat(table.size()).isEqualTo(2);
        assertThat(table.accuracy(ONE)).isEqualTo(0.75);
        assertThat(table.accuracy(OTHER)).isEqualTo(0.5);
        assertThat(table.replacing(SmallProblem.CHEAP).of(ONE)).isEqualTo(SmallProblem.CHEAP.of(ONE));
    }

    @Test
    void columnsNamedLikeMeasuresReplaceTheComputedOnes() throws IOException {
        CheapMeasures cheap = table("arch,accuracy,macs,latency,energy,note\n\"0,1,2,3,0,1\",0.75,1e6,2.5,7,a \"\"fine\"\" one\n")
            .replacing(SmallProblem.CHEAP);
        assertThat(cheap.names()).containsExactly("energy", "latency", "latency:box", "macs", "params", "score");
        Measures measures = cheap.of(ONE);
        assertThat(measures.values().keySet()).isEqualTo(cheap.names());
        assertThat(measures.get(Measure.MACS)).isEqualTo(1e6);
        assertThat(measures.get(Measure.LATENCY)).isEqualTo(2_500_000);
        assertThat(measures.get(Measure.latency("box"))).isEqualTo(2_500_000);
        assertThat(measures.get("energy")).isEqualTo(7);
        assertThat(measures.get(Measure.PARAMS)).isEqualTo(SmallProblem.CHEAP.of(ONE).get(Measure.PARAMS));
    }

    @Test
    void aDevicesOwnColumnComesFirst() throws IOException {
        CheapMeasures cheap = table("arch,accuracy,latency:box,latency_ms\n\"0,1,2,3,0,1\",0.75,3,2.5\n")
            .replacing(SmallProblem.CHEAP);
        assertThat(cheap.of(ONE).get(Measure.latency("box"))).isEqualTo(3_000_000);
    }

    @Test
    void anotherColumnInPercent() throws IOException {
        Path file = file("arch,accuracy,mean,macs\n\"0,1,2,3,0,1\",3,89.74,1\n");
        AccuracyTable table = new AccuracyFile(file, "mean", AccuracyFile.Unit.PERCENT).load(SmallProblem.SPACE);
        assertThat(table.accuracy(ONE)).isEqualTo(0.8974);
        assertThat(table.replacing(SmallProblem.CHEAP).names()).doesNotContain("mean");
        Path beyond = Files.writeString(folder.resolve("beyond.csv"), "arch,mean\n\"0,1,2,3,0,1\",100.5\n");
        assertThatThrownBy(() -> new AccuracyFile(beyond, "mean", AccuracyFile.Unit.PERCENT).load(SmallProblem.SPACE))
            .isInstanceOf(InputException.class).hasMessage(beyond + ":2: mean: 100.5 (expected: percent, from 0 to 100)");
        Path far = Files.writeString(folder.resolve("far.csv"), "arch,mean\n\"0,1,2,3,0,1\",1e2147483647\n");
        assertThatThrownBy(() -> new AccuracyFile(far, "mean", AccuracyFile.Unit.PERCENT).load(SmallProblem.SPACE))
            .isInstanceOf(InputException.class).hasMessage(far + ":2: mean: 1e2147483647 (expected: percent, from 0 to 100)");
        assertThatThrownBy(() -> new AccuracyFile(beyond, "top1", AccuracyFile.Unit.SHARE).load(SmallProblem.SPACE))
            .isInstanceOf(InputException.class)
            .hasMessage(beyond + ":1: no column 'top1' (expected: arch,top1[,macs,params,latency])");
    }

    @Test
    void accuraciesBeyondABudgetAreRefused() throws IOException {
        AccuracyTable table = table("arch,accuracy\n\"0,1,2,3,0,1\",0.75\n\"3,3,3,3,3,3\",0.5\n");
        BudgetedAccuracies two = new BudgetedAccuracies(table, 2);
        List<Double> told = new ArrayList<>();
        two.find(List.of(ONE), (architecture, accuracy) -> told.add(accuracy));
        assertThatThrownBy(() -> two.find(List.of(ONE, OTHER), (architecture, accuracy) -> told.add(accuracy)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("1 accuracies told, 2 more asked for (expected: at most 2 in all)");
        two.find(List.of(OTHER), (architecture, accuracy) -> told.add(accuracy));
        assertThat(told).containsExactly(0.75, 0.5);
        assertThat(two.asked()).isEqualTo(2);
    }

    @Test
    void searchesTheTable() throws IOException {
        StringBuilder text = new StringBuilder("arch,accuracy,params\n");
        for (Architecture architecture : SmallProblem.everyArchitecture()) {
            int sum = Arrays.stream(architecture.values()).sum();
            text.append('"').append(architecture).append("\",0.").append(sum).append(',').append(sum).append('\n');
        }
        AccuracyTable table = table(text.toString());
        List<Objective> objectives = List.of(Objective.parse("accuracy"), Objective.parse("params"));
        Front front = new Nsga2Search(new CandidateEvaluator(SmallProblem.SPACE, table.replacing(SmallProblem.CHEAP),
            List.of(Constraint.atMost(Measure.PARAMS, 4)), table, CandidateLog.inMemory()), objectives,
            Nsga2Search.Settings.DEFAULT.withSize(20, 10)).run(SearchListener.NONE);
        assertThat(front.candidates()).extracting(Candidate::accuracy).contains(0.4, 0.0).allMatch(accuracy -> accuracy <= 0.4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "arch,acc~a,1 | :1: no column 'accuracy' (expected: arch,accuracy[,macs,params,latency])",
        "arch,accuracy,arch~a,1,b | :1: a column twice (expected: different names)",
        "arch,accuracy~\"0,1,2,3,0,9\",1 | :2: layer6.choice: '9' (expected: one of 0 k3, 1 k5, 2 k7, 3 xception)",
        "arch,accuracy~\"0,1,2,3,0,1\",high | :2: accuracy: 'high' (expected: a number)",
        "arch,accuracy~\"0,1,2,3,0,1\",89.74 | :2: accuracy: 89.74 "
            + "(expected: a fraction from 0 to 1; of percents the experiment says 'unit: percent')",
        "arch,accuracy~\"0,1,2,3,0,1\",-0.1 | :2: accuracy: -0.1 (expected: a fraction from 0 to 1)",
        "arch,accuracy~\"0,1,2,3,0,1\",1e999999999 | :2: accuracy: 1e999999999 (expected: a fraction from 0 to 1)",
        "arch,accuracy,latency~\"0,1,2,3,0,1\",1,1e999999999 | :2: latency: 1e999999999 (expected: milliseconds, more than 0)",
        "arch,accuracy,latency~\"0,1,2,3,0,1\",1,1e2147483647 | :2: latency: 1e2147483647 (expected: milliseconds, more than 0)",
        "arch,accuracy,latency~\"0,1,2,3,0,1\",1,1e-2147483640 | :2: latency: 1e-2147483640 (expected: milliseconds, more than 0)",
        "arch,accuracy,latency~\"0,1,2,3,0,1\",1,0 | :2: latency: 0 (expected: milliseconds, more than 0)",
        "arch,accuracy,latency:box~\"0,1,2,3,0,1\",1,-3 | :2: latency:box: -3 (expected: milliseconds, more than 0)",
        "arch,accuracy,macs~\"0,1,2,3,0,1\",1,-1 | :2: macs: -1 (expected: a number of at least 0)",
        "arch,accuracy,macs~\"0,1,2,3,0,1\",1,~ | :2: macs: '' (expected: a number)",
        "arch,accuracy~\"0,1,2,3,0,1\",1~\"k3,k5,k7,3,0,1\",0.5 | :3: k3,k5,k7,xception,k3,k5 is there twice",
        "arch,accuracy~\"0,1,2,3,0,1\",1,2 | :2: 3 cells (expected: 2, as in the header)",
        "arch,accuracy~\"0,1,2 | :2: a quote that is not closed",
        "arch,accuracy~\"0,1,2,3,0,1\"x,1 | :2: text after a closing quote (expected: a separator or the line's end)"})
    void mistakesAreReportedWithFileAndLine(String text, String message) throws IOException {
        Path file = file(text.replace('~', '\n'));
        assertThatThrownBy(() -> AccuracyFile.of(file).load(SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(file + message);
    }

    @Test
    void whatIsNotThere() throws IOException {
        Path missing = folder.resolve("missing.csv");
        assertThatThrownBy(() -> AccuracyFile.of(missing).load(SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(missing + ": no such file");
        Path file = file("");
        assertThatThrownBy(() -> AccuracyFile.of(file).load(SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(file + ": empty (expected: a header and rows)");
        AccuracyTable table = table("arch,accuracy\n\"0,1,2,3,0,1\",1\n");
        assertThatThrownBy(() -> table.accuracy(OTHER)).isInstanceOf(InputException.class)
            .hasMessage(file + ": no row for " + OTHER);
    }
}
