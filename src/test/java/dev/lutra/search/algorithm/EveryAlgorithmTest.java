package dev.lutra.search.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.search.AccuracySource;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SmallProblem;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every algorithm that experiment files can name. */
class EveryAlgorithmTest {

    /** Small searches; everything that is not here has {@code population: 12, generations: 4}. */
    private static final Map<String, String> SETTINGS = Map.of("random", "budget: 48", "lutra", "{budget: 48, batch: 8}",
        "oneshot-s-plus", "{population: 16, generations: 4, retain: 4, keep: 0}", "nao",
        "{first: 24, new: 8, iterations: 4, top: 8, steps: 5, epochs: 5}");

    private static final List<Constraint> TIGHT = List.of(Constraint.atMost(Measure.MACS, SmallProblem.everyCandidate(List.of()).stream()
        .mapToDouble(candidate -> candidate.measures().get(Measure.MACS)).sorted().skip(1500).findFirst().orElseThrow()));

    /** Counted once, for all these searches. */
    private static final CheapMeasures CHEAP = new CheapMeasures() {
        private final Map<Architecture, Measures> known = new HashMap<>();

        @Override
        public SortedSet<String> names() {
            return SmallProblem.CHEAP.names();
        }

        @Override
        public Measures of(Architecture architecture) {
            return known.computeIfAbsent(architecture, SmallProblem.CHEAP::of);
        }
    };

    static Stream<String> names() {
        return Algorithms.ALL.names().stream();
    }

    private static Algorithm algorithm(String name) {
        return Algorithms.ALL.read(name, YamlNode.parse("test", SETTINGS.getOrDefault(name, "{population: 12, generations: 4}")));
    }

    private static Front search(String name, long seed, AccuracySource accuracy, CandidateLog log, SearchListener listener) {
        CandidateEvaluator judge = new CandidateEvaluator(SmallProblem.SPACE, CHEAP, TIGHT, accuracy, log);
        return algorithm(name).search(judge, SmallProblem.OBJECTIVES, seed).run(listener);
    }

    private static Front search(String name, long seed) {
        return search(name, seed, SmallProblem.ACCURACIES, CandidateLog.inMemory(), SearchListener.NONE);
    }

    @ParameterizedTest
    @MethodSource("names")
    void asksForNoMoreThanItsBudgetEachOnceAndForNothingThatBreaksAConstraint(String name) {
        SmallProblem.Asked asked = new SmallProblem.Asked();
        List<Candidate> told = new ArrayList<>();
        Front front = search(name, 1, AccuracySource.oneByOne(asked::accuracy), CandidateLog.inMemory(), new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int done, int budget) {
                assertThat(budget).isEqualTo(algorithm(name).budget());
                told.add(candidate);
                assertThat(done).isEqualTo(told.size());
            }
        });
        assertThat(asked.calls).isEqualTo(asked.architectures.size()).isEqualTo(told.size())
            .isBetween(algorithm(name).budget() * 9 / 10, algorithm(name).budget());
        assertThat(asked.architectures).allMatch(architecture -> CHEAP.of(architecture).get(Measure.MACS) <= TIGHT.get(0).bound());
        assertThat(front).isEqualTo(Front.of(SmallProblem.OBJECTIVES, told, front.provenance()));
        assertThat(front.provenance()).containsEntry("search.algorithm", name).containsEntry("search.seed", "1")
            .containsEntry("space", "small").containsKey("constraints");
    }

    @ParameterizedTest
    @MethodSource("names")
    void oneSeedOneFrontInWhateverOrderAnswersCome(String name) {
        Front front = search(name, 3);
        Random order = new Random(8);
        AccuracySource jumbled = (architectures, found) -> {
            List<Architecture> shuffled = new ArrayList<>(architectures);
            Collections.shuffle(shuffled, order);
            shuffled.forEach(architecture -> found.accept(architecture, SmallProblem.accuracy(architecture)));
        };
        assertThat(search(name, 3, jumbled, CandidateLog.inMemory(), SearchListener.NONE)).isEqualTo(front);
        assertThat(search(name, 4).candidates()).isNotEqualTo(front.candidates());
    }

    @ParameterizedTest
    @MethodSource("names")
    void aSearchThatWasKilledGoesOnAsIfItHadNotBeen(String name) {
        Front unbroken = search(name, 5);
        CandidateLog log = CandidateLog.inMemory();
        Set<Architecture> asked = new HashSet<>();
        int[] left = {0};
        AccuracySource mortal = AccuracySource.oneByOne(architecture -> {
            if (left[0]-- == 0) {
                throw new IllegalStateException("killed");
            }
            assertThat(asked.add(architecture)).as("asked for the first time").isTrue();
            return SmallProblem.accuracy(architecture);
        });
        for (int kill : new int[]{1, 12, 15}) {
            left[0] = kill;
            assertThatThrownBy(() -> search(name, 5, mortal, log, SearchListener.NONE)).hasMessage("killed");
        }
        left[0] = Integer.MAX_VALUE;
        assertThat(search(name, 5, mortal, log, SearchListener.NONE)).isEqualTo(unbroken);
    }

    @ParameterizedTest
    @MethodSource("names")
    void endsWhereThereIsNothingLeftToEvaluate(String name) {
        double least = SmallProblem.everyCandidate(List.of()).stream().mapToDouble(candidate -> candidate.measures().get(Measure.MACS))
            .sorted().skip(6).findFirst().orElseThrow();
        CandidateEvaluator judge = new CandidateEvaluator(SmallProblem.SPACE, CHEAP, List.of(Constraint.atMost(Measure.MACS, least)),
            SmallProblem.ACCURACIES, CandidateLog.inMemory());
        int[] evaluated = {0};
        List<SearchListener.Progress> generations = new ArrayList<>();
        Front front = algorithm(name).search(judge, SmallProblem.OBJECTIVES, 1).run(new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int done, int budget) {
                evaluated[0] = done;
            }

            @Override
            public void generation(Progress progress) {
                generations.add(progress);
            }
        });
        assertThat(front.candidates()).isNotEmpty().allMatch(candidate -> candidate.measures().get(Measure.MACS) <= least);
        assertThat(generations).as("a generation that is cut short is one").last().extracting(SearchListener.Progress::done)
            .isEqualTo(evaluated[0]);
    }

    @ParameterizedTest
    @MethodSource("names")
    void takesThreeObjectivesOneOfWhichIsToBeLarge(String name) {
        CandidateEvaluator judge = new CandidateEvaluator(SmallProblem.SPACE, CHEAP, TIGHT, SmallProblem.ACCURACIES,
            CandidateLog.inMemory());
        List<Objective> objectives = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.latency("box")),
            Objective.max(Measure.PARAMS));
        assertThat(algorithm(name).search(judge, objectives, 1).run(SearchListener.NONE).candidates()).hasSizeGreaterThan(3);
    }
}
