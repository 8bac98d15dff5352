package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.proto.Calibration;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class CalibratorTest {

    private static WholeNetwork network(long sum, long measured, boolean heldOut) {
        return WholeNetwork.newBuilder().setSpace("small").setArchitecture("a" + sum).setSumOfSegmentsNanos(sum)
            .setLatency(Distribution.newBuilder().setP50Nanos(measured)).setHeldOut(heldOut).build();
    }

    private static List<WholeNetwork> networks(int count, long from, long to, LongUnaryOperator device) {
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long sum = from + (to - from) * i / (count - 1);
            networks.add(network(sum, device.applyAsLong(sum), i % 3 == 1));
        }
        return networks;
    }

    @Test
    void findsALineWhereTheSumsSpreadWide() {
        Calibration calibration = Calibrator.fit(networks(9, 100_000, 900_000, sum -> 50_000 + sum * 11 / 10));
        assertThat(calibration.getScale()).isCloseTo(1.1, within(1e-4));
        assertThat(calibration.getBiasNanos()).isCloseTo(50_000, within(10.0));
        assertThat(calibration.getMeanRelativeError()).isLessThan(1e-4);
        assertThat(calibration.getUncalibratedMeanRelativeError()).isBetween(0.1, 0.4);
        assertThat(calibration.getFittedOn()).isEqualTo(6);
        assertThat(calibration.getHeldOut()).isEqualTo(3);
        assertThat(calibration.getNetworksCount()).isEqualTo(9);
    }

    /** The case of the SPOS space: networks within 4 % of each other, noise of 3 %, the whole 1 / 0.86 of the sum. */
    @Test
    void narrowNoisySumsGetARatioAndNoBias() {
        int lines = 0;
        for (int seed = 0; seed < 50; seed++) {
            Random noise = new Random(seed);
            Calibration calibration = Calibrator.fit(networks(9, 980_000, 1_020_000,
                sum -> Math.round(sum / 0.86 * (1 + 0.03 * noise.nextGaussian()))));
            lines += calibration.getBiasNanos() == 0 ? 0 : 1;
            if (calibration.getBiasNanos() == 0) {
                assertThat(calibration.getScale()).isCloseTo(1 / 0.86, within(0.05));
            }
        }
        assertThat(lines).isLessThan(15);
    }

    @Test
    void oneDisturbedNetworkDoesNotBendTheFit() {
        List<WholeNetwork> networks = new ArrayList<>(networks(12, 100_000, 900_000, sum -> sum * 6 / 5));
        networks.set(6, network(networks.get(6).getSumOfSegmentsNanos(), 5_000_000, false));
        Calibration calibration = Calibrator.fit(networks);
        assertThat(calibration.getScale()).isCloseTo(1.2, within(0.02));
        assertThat(calibration.getMeanRelativeError()).isLessThan(0.02);
    }

    @Test
    void theWorstHeldOutErrorIsReported() {
        Calibration calibration = Calibrator.fit(List.of(network(100, 200, false), network(200, 400, false),
            network(150, 300, true), network(160, 400, true)));
        assertThat(calibration.getScale()).isEqualTo(2);
        assertThat(calibration.getWorstRelativeError()).isCloseTo(0.2, within(1e-12));
        assertThat(calibration.getMeanRelativeError()).isCloseTo(0.1, within(1e-12));
        assertThat(calibration.getUncalibratedMeanRelativeError()).isCloseTo((0.5 + 0.6) / 2, within(1e-12));
    }

    @Test
    void aFalseOrderIsNeverLearned() {
        Calibration calibration = Calibrator.fit(networks(9, 100_000, 900_000, sum -> 2_000_000 - sum));
        assertThat(calibration.getScale()).isPositive();
    }

    @Test
    void choosesNetworksOverTheWholeRange() {
        SearchSpace space = Tables.smallSpace();
        LatencyModel model = new LatencyModel(Tables.of(space));
        List<Calibrator.Choice> choices = Calibrator.choose(space, model, 8, 3);
        assertThat(choices).isEqualTo(Calibrator.choose(space, model, 8, 3)).doesNotHaveDuplicates().hasSize(8);
        assertThat(choices).isNotEqualTo(Calibrator.choose(space, model, 8, 4));
        assertThat(choices.stream().filter(Calibrator.Choice::heldOut)).hasSize(2);

        List<Calibrator.Choice> bySum = new ArrayList<>(choices);
        bySum.sort(Comparator.comparing(choice -> sum(space, model, choice)));
        assertThat(bySum.get(0).heldOut()).isFalse();
        assertThat(bySum.get(7).heldOut()).isFalse();
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int number = 0; number < 4096; number += 3) {
            int[] values = {number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6 & 3, number >> 8 & 3, number >> 10};
            long sum = model.predict(space.build(space.architecture(values))).sumNanos();
            least = Math.min(least, sum);
            most = Math.max(most, sum);
        }
        assertThat(sum(space, model, bySum.get(0))).isLessThanOrEqualTo(least);
        assertThat(sum(space, model, bySum.get(7))).isGreaterThanOrEqualTo(most);
        for (int i = 1; i < 8; i++) {
            long step = sum(space, model, bySum.get(i)) - sum(space, model, bySum.get(i - 1));
            assertThat(step).as("step " + i).isLessThan((most - least) / 3);
        }
    }

    private static long sum(SearchSpace space, LatencyModel model, Calibrator.Choice choice) {
        return model.predict(space.build(choice.architecture())).sumNanos();
    }

    @Test
    void tooFewNetworks() {
        assertThatThrownBy(() -> Calibrator.fit(List.of(network(1, 1, false), network(1, 1, true))))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("calibration: 1 networks to fit and 1 held out (expected: at least 2 and 1)");
    }
}
