package dev.lutra.search.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecisionTest {

    private static final SearchSpace SPACE = SpaceFile.load("shufflenetv2-cifar");
    private static final List<Objective> OBJECTIVES = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.MACS));

    private static Candidate candidate(String options, double accuracy, double macs) {
        return new Candidate(SPACE.parse(options), Measures.of(Map.of(Measure.ACCURACY, accuracy, Measure.MACS, macs)));
    }

    /** Of one network in four steps of cost, rising steeply, then slowly. */
    private static Front front() {
        return Front.of(OBJECTIVES, List.of(candidate("k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.5, 10),
            candidate("k5,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.7, 12), candidate("k7,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.74, 20),
            candidate("k7,k5,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.75, 30)), Map.of());
    }

    @ParameterizedTest
    @CsvSource({"1000, 900", "40, 20", "5000, 4999", "16, 0", "16, 16"})
    void intervalsAreWilsons(int images, int right) {
        ConfidenceInterval expected = new WilsonScoreInterval().createInterval(images, right, 0.95);
        ShareInterval interval = ShareInterval.of((double) right / images, images);
        assertThat(interval.low()).isCloseTo(Math.max(0, expected.getLowerBound()), within(1e-6));
        assertThat(interval.high()).isCloseTo(Math.min(1, expected.getUpperBound()), within(1e-6));
        assertThatThrownBy(() -> ShareInterval.of(0.5, 0)).hasMessage("images: 0 (expected: at least 1)");
    }

    @Test
    void networksThatThePhotosCannotTellApartOverlap() {
        assertThat(ShareInterval.of(0.9, 1000).overlaps(ShareInterval.of(0.91, 1000))).isTrue();
        assertThat(ShareInterval.of(0.9, 1000).overlaps(ShareInterval.of(0.95, 1000))).isFalse();
    }

    @Test
    void everyStepSaysWhatItsAccuracyCostsAndOneIsTheKnee() {
        TradeOff tradeOff = TradeOff.of(front(), OBJECTIVES.get(1));
        assertThat(tradeOff.steps()).extracting(TradeOff.Step::paid).containsExactly(0.0, 2.0, 8.0, 10.0);
        assertThat(tradeOff.steps().get(1).gained()).isCloseTo(0.2, within(1e-12));
        assertThat(tradeOff.knee().orElseThrow().candidate().accuracy()).isEqualTo(0.7);
        assertThat(tradeOff.steps().stream().filter(TradeOff.Step::isKnee)).hasSize(1);
    }

    @Test
    void twoNetworksHaveNoKnee() {
        Front two = new Front(OBJECTIVES, front().candidates().subList(0, 2), Collections.emptySortedMap());
        assertThat(TradeOff.of(two, OBJECTIVES.get(1)).knee()).isEmpty();
        assertThat(TradeOff.all(two)).hasSize(1);
    }

    /** A network that only a third objective keeps on the front is no step of these two. */
    @Test
    void whatIsBeatenInTwoObjectivesIsNoStep() {
        List<Candidate> more = new ArrayList<>(front().candidates());
        more.add(candidate("k7,k7,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.6, 25));
        assertThat(TradeOff.of(new Front(OBJECTIVES, more, Collections.emptySortedMap()), OBJECTIVES.get(1)).steps()).hasSize(4);
    }

    @Test
    void sharesOfOptionsAddUpToOne() {
        List<GeneShares> genes = GeneShares.of(front(), SPACE);
        assertThat(genes).hasSize(SPACE.genes().size())
            .allSatisfy(gene -> assertThat(gene.shares().values().stream().mapToDouble(Double::doubleValue).sum()).isCloseTo(1, within(1e-12)));
        assertThat(genes.get(0).shares()).containsEntry("k7", 0.5).containsEntry("k5", 0.25).containsEntry("xception", 0.0);
    }

    /** The shared one is nobody's own but where nothing as accurate is faster. */
    @Test
    void everyDeviceHasTheFastestThatIsAsAccurateOfAllThatThereAre() {
        Candidate shared = onDevices("k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.7, 10, 10);
        Candidate ofOne = onDevices("k5,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k7", 0.7, 6, 30);
        List<Candidate> offered = List.of(ofOne, onDevices("k5,k5,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.9, 8, 10),
            onDevices("k7,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3", 0.69, 1, 1));
        List<OwnChoice> choices = OwnChoice.of(offered, shared, List.of("one", "two"), SPACE);
        assertThat(choices).extracting(OwnChoice::own).as("of two that are as fast, the more accurate").containsExactly(ofOne, offered.get(1));
        assertThat(choices).extracting(OwnChoice::paidNanos).containsExactly(4.0, 0.0);
        assertThat(choices.get(0).differing()).hasSize(2).first().asString().endsWith("k3 → k5");
        assertThat(OwnChoice.of(List.of(offered.get(2)), shared, List.of("one"), SPACE)).singleElement()
            .satisfies(choice -> assertThat(choice.own()).isEqualTo(shared)).satisfies(choice -> assertThat(choice.differing()).isEmpty());
    }

    private static Candidate onDevices(String options, double accuracy, double one, double two) {
        return new Candidate(SPACE.parse(options), Measures.of(Map.of(Measure.ACCURACY, accuracy, Measure.latency("one"), one,
            Measure.latency("two"), two)));
    }

    /** What turned out to miss a limit is no point of any front. */
    @Test
    void whatDoesNotCountReachesNoVolume() {
        List<Candidate> evaluated = front().candidates();
        Candidate over = evaluated.get(0);
        assertThat(HypervolumeCurve.of(OBJECTIVES, evaluated, candidate -> candidate != over).values()).last()
            .isEqualTo(Hypervolume.around(OBJECTIVES, evaluated).of(evaluated.subList(1, evaluated.size())));
    }

    @Test
    void hypervolumeNeverFallsAndEndsAtThatOfTheFront() {
        List<Candidate> evaluated = new ArrayList<>(front().candidates());
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            evaluated.add(new Candidate(SPACE.random(random), Measures.of(Map.of(Measure.ACCURACY, random.nextDouble(), Measure.MACS,
                1 + 50 * random.nextDouble()))));
        }
        Collections.shuffle(evaluated, random);
        List<Double> values = List.copyOf(HypervolumeCurve.of(OBJECTIVES, evaluated, any -> true).values());
        assertThat(values).hasSizeBetween(50, 70).isSorted();
        assertThat(values.get(values.size() - 1))
            .isEqualTo(Hypervolume.around(OBJECTIVES, evaluated).of(Front.of(OBJECTIVES, evaluated, Map.of()).candidates()));
        assertThat(HypervolumeCurve.of(OBJECTIVES, List.of(), any -> true)).isEmpty();
    }
}
