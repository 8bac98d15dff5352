package dev.lutra.latency.correction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Tables;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Devices whose truth is known. */
class CalibratorTest {

    private static final int TEST = 60;

    private final SearchSpace space = Tables.smallSpace();
    private final LookupTable table = Tables.of(space);
    private final LatencyModel sums = new LatencyModel(table);

    private double sum(Network network) {
        return sums.predict(network).sumNanos();
    }

    /** The first are fitted, sixty more held out; p99 a fifth above p50. */
    private List<WholeNetwork> networks(int fitted, long seed, ToDoubleFunction<Network> device, double noise) {
        Random random = new Random(seed);
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < fitted + TEST; i++) {
            Network network = space.build(space.random(random));
            double p50 = device.applyAsDouble(network) * (1 + noise * random.nextGaussian());
            networks.add(Tables.measured(network, Math.round(p50), Math.round(1.2 * p50), i >= fitted));
        }
        return networks;
    }

    private Calibration calibrate(int fitted, long seed, ToDoubleFunction<Network> device, double noise) {
        return Calibrator.fit(table, networks(fitted, seed, device, noise));
    }

    @ParameterizedTest
    @CsvSource({"2, 0.02", "3, 0.02", "6, 0.01", "12, 0.003", "60, 0.002"})
    void aDeviceThatIsSlowerByOneFactor(int fitted, double error) {
        Calibration calibration = calibrate(fitted, 1, network -> 1.4 * sum(network), 0);
        assertThat(calibration.getMeanRelativeError()).isLessThan(error);
        assertThat(calibration.getUncalibratedMeanRelativeError()).isCloseTo(1 - 1 / 1.4, within(1e-3));
        assertThat(calibration.getFittedOn()).isEqualTo(fitted);
        assertThat(calibration.getHeldOut()).isEqualTo(TEST);
        assertThat(calibration.getNetworksCount()).isEqualTo(fitted + TEST);
        assertThat(calibration.getWithin10Percent()).isEqualTo(1);
    }

    @Test
    void aBiasIsFound() {
        Calibration calibration = calibrate(12, 2, network -> 20_000 + 1.1 * sum(network), 0);
        assertThat(calibration.getMeanRelativeError()).isLessThan(0.005);
        assertThat(calibration.getKendallTau()).isGreaterThan(0.97);
    }

    /** The case of the SPOS space: networks close to each other, noise of 3 %, the whole 1 / 0.86 of the sum. */
    @Test
    void noiseIsNotTakenForSegments() {
        double errors = 0;
        for (int seed = 0; seed < 20; seed++) {
            List<WholeNetwork> noisy = new ArrayList<>(networks(9, seed, network -> sum(network) / 0.86, 0.03).subList(0, 9));
            noisy.addAll(networks(0, seed + 100, network -> sum(network) / 0.86, 0));
            double error = Calibrator.fit(table, noisy).getMeanRelativeError();
            assertThat(error).as("seed " + seed).isLessThan(0.06);
            errors += error / 20;
        }
        assertThat(errors).isLessThan(0.025);
    }

    /** Every segment is off by a factor of its own, between 0.6 and 1.6: nothing but many networks can tell. */
    @Test
    void manyNetworksBringOutSingleSegments() {
        Map<String, Double> factors = new HashMap<>();
        Random random = new Random(3);
        ToDoubleFunction<Network> device = network -> Tables.OVERHEAD_NANOS + network.segments().stream()
            .mapToDouble(segment -> factors.computeIfAbsent(segment.key(), key -> 0.6 + random.nextDouble()) * Tables.ownNanos(segment)).sum();
        Calibration few = calibrate(5, 3, device, 0.002);
        Calibration more = calibrate(25, 3, device, 0.002);
        Calibration many = calibrate(100, 3, device, 0.002);
        assertThat(more.getMeanRelativeError()).isLessThan(0.7 * few.getMeanRelativeError());
        assertThat(many.getMeanRelativeError()).isLessThan(0.005);
        assertThat(many.getKendallTau()).isGreaterThan(0.95).isGreaterThan(many.getUncalibratedKendallTau());
    }

    /** What one network taught of a kernel size holds for the layers that no network has shown with it. */
    @Test
    void kindsOfOpsAreLearnedAcrossLayers() {
        ToDoubleFunction<Network> device = network -> sum(network)
            + 3000 * network.segments().stream().filter(segment -> segment.signature().contains("conv k7")).count();
        Calibration calibration = calibrate(20, 4, device, 0);
        assertThat(calibration.getMeanRelativeError()).isLessThan(0.1 * calibration.getUncalibratedMeanRelativeError());
    }

    @Test
    void oneDisturbedNetworkDoesNotBendTheFit() {
        for (int fitted : new int[]{8, 20, 60}) {
            List<WholeNetwork> networks = new ArrayList<>(networks(fitted, 5, network -> 1.2 * sum(network), 0.002));
            WholeNetwork.Builder disturbed = networks.get(3).toBuilder();
            disturbed.getLatencyBuilder().setP50Nanos(8 * disturbed.getLatency().getP50Nanos());
            networks.set(3, disturbed.build());
            Calibration calibration = Calibrator.fit(table, networks);
            assertThat(calibration.getMeanRelativeError()).as("fitted " + fitted).isLessThan(0.02);
            assertThat(calibration.getNetworks(3).getWeight()).isLessThan(0.05);
            assertThat(calibration.getNetworks(4).getWeight()).isGreaterThan(0.3);
            assertThat(calibration.getIntervalCoverage()).isGreaterThan(0.85);
        }
    }

    @Test
    void aSegmentNeverMakesANetworkFaster() {
        double slowest = 4 * sum(space.build(space.random(new Random(1))));
        LookupTable calibrated = table.withCalibration(calibrate(30, 6, network -> slowest - sum(network), 0));
        LatencyModel model = new LatencyModel(calibrated);
        Correction correction = Correction.of(table, calibrated.calibration().orElseThrow());
        Network network = space.build(space.random(new Random(8)));
        List<String> keys = network.segments().stream().map(Segment::key).toList();
        long before = 0;
        for (int i = 0; i <= keys.size(); i++) {
            long nanos = correction.predict(keys.subList(0, i)).nanos();
            assertThat(nanos).isGreaterThanOrEqualTo(before);
            before = nanos;
        }
        assertThat(model.predict(network).nanos()).isEqualTo(before);
    }

    @Test
    void intervalsCoverWhatTheyPromise() {
        double covered = 0;
        double tails = 0;
        for (int seed = 0; seed < 10; seed++) {
            Calibration calibration = calibrate(40, seed, network -> 5000 + 1.3 * sum(network), 0.02);
            covered += calibration.getIntervalCoverage() / 10;
            tails += calibration.getP99IntervalCoverage() / 10;
            assertThat(calibration.getP99MeanRelativeError()).isCloseTo(calibration.getMeanRelativeError(), within(0.005));
        }
        assertThat(covered).isBetween(0.9, 0.99);
        assertThat(tails).isGreaterThan(0.9);
    }

    @Test
    void theErrorsAreThoseOfTheHeldOutNetworks() {
        List<WholeNetwork> networks = new ArrayList<>(networks(10, 7, network -> 2 * sum(network), 0));
        double exact = Calibrator.fit(table, networks).getWorstRelativeError();
        WholeNetwork.Builder last = networks.get(networks.size() - 1).toBuilder();
        last.getLatencyBuilder().setP50Nanos(last.getLatency().getP50Nanos() * 5 / 4).setRelativeHalfWidth(0.05);
        networks.set(networks.size() - 1, last.build());
        Calibration calibration = Calibrator.fit(table, networks);
        assertThat(exact).isLessThan(0.01);
        assertThat(calibration.getWorstRelativeError()).isCloseTo(0.2, within(0.01));
        assertThat(calibration.getWithin10Percent()).isCloseTo(1 - 1.0 / TEST, within(1e-9));
        assertThat(calibration.getNoiseFloor()).as("not all state an interval").isNaN();
    }

    @Test
    void theNoiseFloorIsWhatAPerfectPredictionWouldMiss() {
        List<WholeNetwork> networks = networks(4, 9, this::sum, 0).stream().map(network -> {
            WholeNetwork.Builder stated = network.toBuilder();
            stated.getLatencyBuilder().setRelativeHalfWidth(0.0196);
            return stated.build();
        }).toList();
        assertThat(Calibrator.fit(table, networks).getNoiseFloor()).isCloseTo(0.00798, within(1e-5));
    }

    /** The slowest hundredth is a larger share of a long call: p99 / p50 = (p50 / 10 us)^0.3, with noise. */
    @Test
    void tailsMayDependOnTheLatency() {
        Random random = new Random(11);
        List<WholeNetwork> networks = networks(40, 11, this::sum, 0).stream().map(network -> {
            WholeNetwork.Builder tailed = network.toBuilder();
            double p50 = network.getLatency().getP50Nanos();
            double ratio = Math.pow(p50 / 10_000, 0.3) * (1 + 0.01 * random.nextGaussian());
            tailed.getLatencyBuilder().setP99Nanos(Math.round(p50 * ratio));
            return tailed.build();
        }).toList();
        Calibration calibration = Calibrator.fit(table, networks);
        assertThat(calibration.getP99MeanRelativeError()).isLessThan(0.02);
        assertThat(calibration.getP99IntervalCoverage()).isGreaterThan(0.85);
    }

    @Test
    void networksWithoutTails() {
        List<WholeNetwork> networks = networks(4, 12, this::sum, 0).stream().map(network -> {
            WholeNetwork.Builder without = network.toBuilder();
            without.getLatencyBuilder().clearP99Nanos();
            return without.build();
        }).toList();
        Calibration calibration = Calibrator.fit(table, networks);
        assertThat(calibration.getP99MeanRelativeError()).isNaN();
        assertThat(new LatencyModel(table.withCalibration(calibration)).predictsP99()).isFalse();
    }

    @Test
    void theSameNetworksGiveTheSameCorrection() {
        assertThat(calibrate(15, 13, this::sum, 0.01)).isEqualTo(calibrate(15, 13, this::sum, 0.01));
    }

    private static WholeNetwork stating(WholeNetwork network, double halfWidth, long samples) {
        WholeNetwork.Builder stated = network.toBuilder();
        stated.getLatencyBuilder().setRelativeHalfWidth(halfWidth).setSamples(samples);
        return stated.build();
    }

    /** One network was measured in a single round, 30 % off; the others are known to 1 %. */
    @Test
    void aNetworkOfASingleRoundWeighsLeast() {
        List<WholeNetwork> exact = networks(12, 5, network -> 1.2 * sum(network), 0).stream()
            .map(network -> stating(network, 0.01, 0)).toList();
        List<WholeNetwork> networks = new ArrayList<>(exact);
        WholeNetwork.Builder single = stating(exact.get(4), Double.POSITIVE_INFINITY, 0).toBuilder();
        single.getLatencyBuilder().setP50Nanos(single.getLatency().getP50Nanos() * 13 / 10);
        networks.set(4, single.build());
        MeasuredNetworks measured = new MeasuredNetworks(table, networks.subList(0, 12));
        double[] alike = new double[12];
        Arrays.fill(alike, 1);
        CorrectionVariances none = CorrectionVariances.newBuilder().build();
        CholeskyDecomposition decomposed = measured.covariance(none, alike);
        double[][] covariance = decomposed.getL().multiply(decomposed.getLT()).getData();
        for (int i = 0; i < 12; i++) {
            if (i != 4) {
                assertThat(covariance[4][4]).as("variance beside that of network " + i).isGreaterThan(50 * covariance[i][i]);
            }
        }
        assertThat(Calibrator.fit(table, networks).getMeanRelativeError()).isLessThan(0.01);
    }

    /** Half of the networks state the maximum of thirty samples as their p99, twice as far out as the others' real one. */
    @Test
    void theMaximumOfFewSamplesIsNoTail() {
        List<WholeNetwork> networks = new ArrayList<>();
        for (WholeNetwork network : networks(20, 5, this::sum, 0)) {
            WholeNetwork.Builder stated = stating(network, 0.01, networks.size() % 2 == 0 ? 1000 : 30).toBuilder();
            if (networks.size() % 2 == 1) {
                stated.getLatencyBuilder().setP99Nanos(Math.round(1.4 * stated.getLatency().getP50Nanos()));
            }
            networks.add(stated.build());
        }
        Calibration calibration = Calibrator.fit(table, networks);
        assertThat(calibration.getP99MeanRelativeError()).isLessThan(0.01);
        assertThat(Calibrator.fit(table, networks.stream().map(network -> stating(network, 0.01, 30)).toList())
            .getP99MeanRelativeError()).isNaN();
    }

    private static WholeNetwork by(String estimator, WholeNetwork network) {
        WholeNetwork.Builder named = network.toBuilder();
        named.getLatencyBuilder().setEstimator(estimator);
        return named.build();
    }

    private LookupTable by(String estimator) {
        return table.withEntries(table.entries().stream().map(entry -> {
            Entry.Builder named = entry.toBuilder();
            named.getLatencyBuilder().setEstimator(estimator);
            return named.build();
        }).toList());
    }

    @Test
    void figuresOfTwoEstimatorsDoNotMix() {
        LookupTable entries = by("sentinel-regression-2");
        List<WholeNetwork> networks = networks(10, 5, this::sum, 0.01);
        assertThatThrownBy(() -> Calibrator.fit(entries, networks.stream().map(network -> by("round-medians-2", network)).toList()))
            .isInstanceOf(InputException.class)
            .hasMessage(entries.origin() + ": entries and whole networks by estimators round-medians-2 and sentinel-regression-2 "
                + "(expected: one, as their figures do not add up; a run keeps what was measured for it, so measure the table in a new one)");
        assertThat(Calibrator.fit(entries, networks).getFittedOn()).as("latencies from elsewhere").isEqualTo(10);
        assertThatThrownBy(() -> entries.withEntries(by("round-medians-2").entries().subList(0, 1)))
            .isInstanceOf(InputException.class).hasMessageContaining("entries by estimators round-medians-2 and sentinel-regression-2");
    }

    @Test
    void tooFewNetworks() {
        WholeNetwork one = networks(1, 1, this::sum, 0).get(0);
        assertThatThrownBy(() -> Calibrator.fit(table, List.of(one, one.toBuilder().setHeldOut(true).build())))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("calibration: 1 networks to fit and 1 held out (expected: at least 2 and 1)");
        WholeNetwork unmeasured = one.toBuilder().setLatency(Distribution.getDefaultInstance()).build();
        assertThatThrownBy(() -> Calibrator.fit(table, List.of(one, unmeasured, one.toBuilder().setHeldOut(true).build())))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("measured 0 (expected: more than 0 ns)");
    }
}
