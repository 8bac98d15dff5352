package dev.lutra.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.search.lutra.LutraSearch;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Searches whose hopeless candidates are not judged to the end. */
class StoppingTest {

    private static final int IMAGES = 100;

    /** Stops where an accuracy is certain not to reach what it is to reach, and says of it less than is true. */
    private static final class Impatient implements AccuracySource {
        private final Set<Architecture> stopped = new HashSet<>();
        private final List<Architecture> asked = new ArrayList<>();

        @Override
        public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
            asked.addAll(architectures);
            architectures.forEach(architecture -> found.accept(architecture, SmallProblem.accuracy(architecture)));
        }

        @Override
        public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
            least.forEach((architecture, value) -> {
                asked.add(architecture);
                double accuracy = SmallProblem.accuracy(architecture);
                if (accuracy < value) {
                    stopped.add(architecture);
                }
                found.accept(architecture, new Answer(accuracy, accuracy < value ? Optional.of(new Stop(IMAGES, accuracy)) : Optional.empty()));
            });
        }
    }

    /** Searches of different kinds. */
    private enum Kind {
        NSGA2 {
            @Override
            Algorithm algorithm() {
                return Nsga2Search.Settings.DEFAULT.withSize(20, 6);
            }
        },
        LUTRA {
            @Override
            Algorithm algorithm() {
                return LutraSearch.Settings.DEFAULT.withBudget(60);
            }
        };

        abstract Algorithm algorithm();

        Front front(CandidateEvaluator evaluator, Map<Architecture, Candidate> told) {
            return algorithm().search(evaluator, SmallProblem.OBJECTIVES, 5).run(new SearchListener() {
                @Override
                public void evaluated(Candidate candidate, int done, int budget) {
                    told.put(candidate.architecture(), candidate);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsStoppedSaysSoAndIsOnNoFront(Kind kind) {
        Impatient source = new Impatient();
        Map<Architecture, Candidate> told = new HashMap<>();
        Front front = kind.front(SmallProblem.evaluator(List.of(), source, CandidateLog.inMemory()).stopping(SmallProblem.OBJECTIVES), told);
        assertThat(source.stopped).isNotEmpty();
        told.forEach((architecture, candidate) -> {
            assertThat(candidate.isWhole()).isNotEqualTo(source.stopped.contains(architecture));
            if (!candidate.isWhole()) {
                assertThat(candidate.measures().get(Measure.STOPPED_AFTER)).isEqualTo(IMAGES);
                assertThat(candidate.measures().get(Measure.ACCURACY_AT_MOST)).isEqualTo(SmallProblem.accuracy(architecture));
            }
        });
        assertThat(front.candidates()).allMatch(Candidate::isWhole);
        assertThat(front.candidates()).as("every stopped one is beaten").allSatisfy(best -> assertThat(told.values())
            .noneMatch(other -> Front.dominates(other, best, SmallProblem.OBJECTIVES)));
    }

    /** With values that are exact, it decides nothing that a search without it would not. */
    @Test
    void theSearchIsTheSame() {
        Front whole = Kind.NSGA2.front(SmallProblem.evaluator(List.of(), SmallProblem.ACCURACIES, CandidateLog.inMemory()), new HashMap<>());
        Front stopped = Kind.NSGA2.front(SmallProblem.evaluator(List.of(), new Impatient(), CandidateLog.inMemory())
            .stopping(SmallProblem.OBJECTIVES), new HashMap<>());
        assertThat(stopped.candidates()).isEqualTo(whole.candidates());
    }

    @ParameterizedTest
    @EnumSource
    void aReplayedSearchAsksForNothing(Kind kind) {
        CandidateLog log = CandidateLog.inMemory();
        Map<Architecture, Candidate> first = new HashMap<>();
        Front front = kind.front(SmallProblem.evaluator(List.of(), new Impatient(), log).stopping(SmallProblem.OBJECTIVES), first);
        Impatient again = new Impatient();
        Map<Architecture, Candidate> second = new HashMap<>();
        assertThat(kind.front(SmallProblem.evaluator(List.of(), again, log).stopping(SmallProblem.OBJECTIVES), second)).isEqualTo(front);
        assertThat(again.asked).isEmpty();
        assertThat(second).isEqualTo(first);
    }

    /** Nothing told it to stop there, or something else would have. */
    @Test
    void anotherSearchJudgesToTheEndWhatItHasUseFor() {
        CandidateLog log = CandidateLog.inMemory();
        Impatient source = new Impatient();
        Kind.NSGA2.front(SmallProblem.evaluator(List.of(), source, log).stopping(SmallProblem.OBJECTIVES), new HashMap<>());
        List<Architecture> stopped = List.copyOf(source.stopped);
        Impatient other = new Impatient();
        List<Candidate> judged = SmallProblem.evaluator(List.of(), other, log).evaluate(stopped, candidate -> {});
        assertThat(judged).allMatch(Candidate::isWhole);
        assertThat(other.asked).containsExactlyInAnyOrderElementsOf(stopped);
        assertThat(log.find(stopped.get(0)).orElseThrow().isWhole()).as("in the place of what was stopped").isTrue();
    }
}
