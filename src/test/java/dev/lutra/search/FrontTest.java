package dev.lutra.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrontTest {

    private static final List<Objective> OBJECTIVES = List.of(Objective.parse("accuracy"), Objective.min(Measure.latency("my, \"box\"")));
    private static final String LATENCY = OBJECTIVES.get(1).measure();

    @TempDir
    Path folder;

    private static Candidate candidate(int number, double accuracy, double nanos) {
        return new Candidate(SmallProblem.everyArchitecture().get(number),
            Measures.of(Map.of(Measure.ACCURACY, accuracy, LATENCY, nanos, Measure.MACS, 318_729_024.0)));
    }

    private static Front front() {
        return Front.of(OBJECTIVES, List.of(candidate(0, 0.5, 1_000_001), candidate(1, 0.9, 9_000_000),
            candidate(2, 0.7, 2_000_000), candidate(3, 0.7, 3_000_000), candidate(4, 0.8, 5_000_000),
            candidate(5, 0.4, 1_000_001), candidate(6, 0.7, 2_000_000)), Map.of("space", "small", "seed", "7"));
    }

    private static List<Double> accuracies(List<Candidate> candidates) {
        return candidates.stream().map(Candidate::accuracy).toList();
    }

    @Test
    void holdsWhatNobodyBeatsBestFirst() {
        assertThat(accuracies(front().candidates())).containsExactly(0.9, 0.8, 0.7, 0.7, 0.5);
    }

    @Test
    void isWhatIsLeftWhenEveryPairIsCompared() {
        List<Candidate> all = SmallProblem.everyCandidate(List.of()).subList(0, 500);
        List<Objective> objectives = List.of(Objective.parse("accuracy"), Objective.parse("macs"), Objective.parse("max params"));
        Front front = Front.of(objectives, all, Map.of());
        for (Candidate candidate : all) {
            boolean beaten = all.stream().anyMatch(other -> other.accuracy() >= candidate.accuracy()
                && other.measures().get("macs") <= candidate.measures().get("macs")
                && other.measures().get("params") >= candidate.measures().get("params")
                && !other.measures().equals(candidate.measures())
                && (other.accuracy() > candidate.accuracy()
                    || other.measures().get("macs") < candidate.measures().get("macs")
                    || other.measures().get("params") > candidate.measures().get("params")));
            assertThat(front.candidates().contains(candidate)).isNotEqualTo(beaten);
        }
    }

    @Test
    void winnersAreTheBestAndThenSpread() {
        assertThat(accuracies(front().spread(3))).containsExactly(0.9, 0.5, 0.8);
        assertThat(front().spread(1)).containsExactly(front().candidates().get(0));
        assertThat(front().spread(99)).containsExactlyInAnyOrderElementsOf(front().candidates());
    }

    @Test
    void theBestUnderFurtherBounds() {
        Front within = front().within(List.of(Constraint.atMost(LATENCY, 5_000_000)));
        assertThat(accuracies(within.candidates())).containsExactly(0.8, 0.7, 0.7, 0.5);
    }

    @Test
    void readsBackFromJsonAndCsv() throws IOException {
        Path json = folder.resolve("out/front.json");
        Path csv = folder.resolve("out/front.csv");
        front().writeJson(json);
        front().writeCsv(csv);
        assertThat(Front.readJson(json, SmallProblem.SPACE)).isEqualTo(front());
        assertThat(Front.readCsv(csv, SmallProblem.SPACE)).isEqualTo(front());
        assertThat(Files.readString(json)).contains("\"latency_ms:my, \\\"box\\\"\" : 1.000001", "\"macs\" : 318729024\n",
            "\"seed\" : \"7\"", "\"max accuracy\"");
        assertThat(Files.readString(csv)).startsWith("arch,accuracy,\"latency_ms:my, \"\"box\"\"\",macs,"
            + "objective:1,objective:2,provenance:seed,provenance:space\r\n\"k5,k3,k3,k3,k3,k3\",0.9,9,318729024,max accuracy,");
        assertThat(folder.resolve("out")).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void aFrontAsCsvIsAnAccuracyTable() {
        Path csv = folder.resolve("front.csv");
        front().writeCsv(csv);
        AccuracyTable table = AccuracyFile.of(csv).load(SmallProblem.SPACE);
        Candidate best = front().candidates().get(0);
        assertThat(table.accuracy(best.architecture())).isEqualTo(0.9);
        assertThat(table.replacing(SmallProblem.CHEAP).of(best.architecture()).get(LATENCY)).isEqualTo(9_000_000);
    }

    @Test
    void wrongFiles() throws IOException {
        Path file = folder.resolve("front.json");
        front().writeJson(file);
        String text = Files.readString(file);
        Files.writeString(file, text.replace("\"format\" : 1", "\"format\" : 3"));
        assertThatThrownBy(() -> Front.readJson(file, SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(file + ": format: 3 (expected: 1)");
        Files.writeString(file, text.replaceFirst("\"accuracy\" : 0.9", "\"accuracy\" : \"good\""));
        assertThatThrownBy(() -> Front.readJson(file, SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(file + ": candidates[0].accuracy: \"good\" (expected: a number)");
        Files.writeString(file, "{\"format\": 1, \"objectives\": [\"max accuracy\"], \"candidates\": []}");
        assertThatThrownBy(() -> Front.readJson(file, SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessage(file + ": candidates: none (expected: at least one, as a search leaves)");
        Files.writeString(file, text.substring(0, text.length() / 2));
        assertThatThrownBy(() -> Front.readJson(file, SmallProblem.SPACE)).isInstanceOf(InputException.class)
            .hasMessageMatching("\\Q" + file + "\\E:\\d+: not JSON: .*");
    }

    @Test
    void hypervolumeOfTwoPoints() {
        List<Candidate> box = List.of(candidate(0, 1.0, 0), candidate(1, 0.0, 10));
        Hypervolume hypervolume = Hypervolume.around(OBJECTIVES, box);
        assertThat(hypervolume.of(List.of(candidate(2, 0.5, 5)))).isCloseTo(0.25, within(1e-12));
        assertThat(hypervolume.of(List.of(candidate(2, 0.5, 5), candidate(3, 0.25, 2), candidate(4, 0.25, 6))))
            .isCloseTo(0.25 + 0.25 * 0.3, within(1e-12));
        assertThat(hypervolume.of(List.of(candidate(2, 0.5, 11)))).isZero();
        assertThat(hypervolume.of(List.of(candidate(2, 1.5, 5)))).isCloseTo(0.75, within(1e-12));
    }

    @Test
    void hypervolumeWhereAnObjectiveDidNotDifferIsScaledByItsValue() {
        List<Candidate> box = List.of(candidate(0, 1.0, 3_000_000), candidate(1, 0.0, 3_000_000));
        Hypervolume hypervolume = Hypervolume.around(OBJECTIVES, box);
        assertThat(hypervolume.of(List.of(candidate(0, 1.0, 3_000_000)))).isCloseTo(1, within(1e-12));
        assertThat(hypervolume.of(List.of(candidate(2, 1.0, 2_400_000)))).isCloseTo(1.2, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"accuracy,max accuracy", "latency,min latency", "latency:pixel 8,min latency:pixel 8", "max params,max params",
        "min energy,min energy"})
    void objectivesAreReadByName(String text, String meaning) {
        assertThat(Objective.parse(text)).hasToString(meaning);
        assertThat(Objective.parse(meaning)).isEqualTo(Objective.parse(text));
    }

    @Test
    void unknownObjectives() {
        assertThatThrownBy(() -> Objective.parse("speed")).isInstanceOf(InputException.class)
            .hasMessage("objectives: speed (expected: accuracy, latency, macs, params, or a measure after 'min' or 'max')");
    }

    @Test
    void constraintsAllowTheirBound() {
        Measures measures = candidate(0, 0.5, 3_000_000).measures();
        assertThat(Constraint.atMost(LATENCY, 3_000_000).holds(measures)).isTrue();
        assertThat(Constraint.atMost(LATENCY, 2_999_999).holds(measures)).isFalse();
        assertThat(Constraint.atLeast(LATENCY, 3_000_000).holds(measures)).isTrue();
        assertThat(Constraint.atLeast(LATENCY, 3_000_001).holds(measures)).isFalse();
        assertThat(Constraint.atMost(Measure.MACS, 40_000_000)).hasToString("macs ≤ 40M");
    }
}
