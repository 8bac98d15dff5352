package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.correction.Interval;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.network.Network;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits on p50 and p99, from the experiment file to the winner. */
class LatencyLimitsTest {

    @TempDir
    private Path folder;

    private Experiment experiment(String latency, String profile) throws IOException {
        Path file = Files.writeString(folder.resolve("experiment.yaml"), """
            name: limits
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x80"}
            targets: [{device: local, latency: %s}]
            profile: %s
            """.formatted(latency, profile));
        return ExperimentFile.read(file);
    }

    private static LookupTable uncalibrated(SearchSpace space) {
        return EstimatedTable.of(space, Device.newBuilder().setName("local").build(),
            Runtime.newBuilder().setName("onnxruntime").build(), "float32", 1);
    }

    /** A device on which p99 is twice p50. */
    private static LookupTable calibrated(SearchSpace space) {
        LookupTable table = uncalibrated(space);
        Random random = new Random(1);
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Network network = space.build(space.random(random));
            Prediction prediction = new LatencyModel(table).predict(network);
            networks.add(WholeNetwork.newBuilder().setHeldOut(i % 3 == 0)
                .addAllSegments(prediction.parts().stream().map(Prediction.Part::key).toList())
                .setLatency(Distribution.newBuilder().setP50Nanos(prediction.nanos()).setP99Nanos(2 * prediction.nanos()))
                .build());
        }
        return table.withCalibration(Calibrator.fit(table, networks));
    }

    private static CandidateEvaluator evaluator(Experiment experiment, SearchSpace space, LookupTable table) {
        return SearchStage.evaluator(experiment, space, SearchStage.computed(experiment, space, Map.of("local", table)),
            AccuracySource.oneByOne(architecture -> 0.5), CandidateLog.inMemory());
    }

    private static MeasureRules rules(Experiment experiment) {
        return Profiler.rules(experiment, experiment.targets().get(0));
    }

    @Test
    void profileKeysBecomeRules() throws IOException {
        MeasureRules usual = rules(experiment("{p50: 3 ms}", "{}"));
        assertThat(usual.getMinRounds()).isEqualTo(4);
        assertThat(usual.getSliceNanos()).isEqualTo(60_000_000);
        Experiment experiment = experiment("{p50: 3 ms}",
            "{rounds: 2, slice: 70 ms, time-limit: 4 s, half-width: 0.05, calibrate: 7, held-out: 3}");
        MeasureRules rules = rules(experiment);
        assertThat(rules.getMinRounds()).isEqualTo(2);
        assertThat(rules.getSliceNanos()).isEqualTo(70_000_000);
        assertThat(rules.getMaxMeasureNanos()).isEqualTo(4_000_000_000L);
        assertThat(rules.getTargetRelativeHalfWidth()).isEqualTo(0.05);
        assertThat(experiment.profile().calibrate()).isEqualTo(7);
        assertThat(experiment.profile().heldOut()).isEqualTo(3);
    }

    @Test
    void p99BoundsTheSearch() throws IOException {
        Experiment any = experiment("{p50: 900 s}", "{}");
        SearchSpace space = any.baseSpace();
        LookupTable table = calibrated(space);
        Architecture architecture = space.random(new Random(3));
        double p99 = evaluator(any, space, table).cheap(architecture).get(Measure.p99("local"));
        double p50 = evaluator(any, space, table).cheap(architecture).get(Measure.latency("local"));
        assertThat(p99 / p50).isBetween(1.9, 2.1);
        Experiment loose = experiment("{p99: " + Math.round(p99 * 1.01) + " ns}", "{}");
        Experiment tight = experiment("{p99: " + Math.round(p99 * 0.99) + " ns}", "{}");
        assertThat(evaluator(loose, space, table).isFeasible(architecture)).isTrue();
        assertThat(evaluator(tight, space, table).isFeasible(architecture)).isFalse();
    }

    @Test
    void p99NeedsWholeNetworks() throws IOException {
        Experiment experiment = experiment("{p50: 3 ms, p99: 5 ms}", "{}");
        SearchSpace space = experiment.baseSpace();
        LookupTable table = uncalibrated(space);
        assertThatThrownBy(() -> evaluator(experiment, space, table)).isInstanceOf(InputException.class).hasMessage(
            "targets: local: latency.p99: local-onnxruntime-t0.json predicts no p99 (expected: a table calibrated on whole "
                + "networks, see profile.calibrate)");
        assertThatThrownBy(() -> experiment("{p99: 5 ms}", "{calibrate: 0}")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("experiment.yaml:5: profile.calibrate: 0, with p99 among what is asked (expected: at least 2, p99 being "
                + "predicted from whole networks)");
        assertThatThrownBy(() -> experiment("{p99: 5 ms}", "{calibrate: 1}")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("experiment.yaml:5: profile.calibrate: 1 (expected: 0 for none, or at least 2)");
    }

    @Test
    void aWinnerKeepsBothLimits() {
        assertThat(check(Optional.of(100L), Optional.of(200L)).withinLimit()).isTrue();
        assertThat(check(Optional.of(99L), Optional.of(200L)).withinLimit()).isFalse();
        assertThat(check(Optional.of(100L), Optional.of(199L)).withinLimit()).isFalse();
        assertThat(check(Optional.empty(), Optional.empty()).withinLimit()).isTrue();
    }

    @Test
    void aWinnerKeepsItsLimitOfMemory() {
        Winner.Check check = check(Optional.empty(), Optional.empty());
        assertThat(withMemory(check, memory(Optional.of(5_500_000L))).withinLimit()).isTrue();
        assertThat(withMemory(check, memory(Optional.of(5_400_000L))).withinLimit()).isFalse();
        Comparison untold = new Comparison(Optional.of(5_500_000L), Optional.empty(), Optional.empty(), 0, Optional.empty());
        assertThat(withMemory(check, untold).withinLimit()).as("what no device told").isFalse();
    }

    private static Winner.Check withMemory(Winner.Check check, Comparison memory) {
        return new Winner.Check(check.device(), 1, check.aim(), check.latency(), check.p99(), memory, energy(), Optional.empty(), Optional.empty(),
            150, 0, 0, true,
            Optional.empty());
    }

    /** Of 30 samples nobody can tell which latency one call in a hundred exceeds. */
    @Test
    void aLimitOnAP99ThatIsNotToldIsNotMet() {
        assertThat(check(0, Optional.of(100L), Optional.of(200L)).withinLimit()).isFalse();
        assertThat(check(0, Optional.of(100L), Optional.empty()).withinLimit()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"1, 369", "2, 369", "4, 185", "8, 93"})
    void whereP99IsLimitedSamplesAreManyEnoughToTellIt(int rounds, int samples) throws IOException {
        Experiment limited = experiment("{p99: 5 ms}", "{rounds: " + rounds + "}");
        assertThat(rules(limited).getMinSamples()).isEqualTo(samples);
        Experiment free = experiment("{p50: 5 ms}", "{rounds: " + rounds + "}");
        assertThat(rules(free).getMinSamples()).isEqualTo(15);
    }

    @Test
    void whateverAsksForP99TakesAsManySamples() throws IOException {
        Experiment free = experiment("{p50: 5 ms}", "{}");
        assertThat(rules(free).getMinSamples()).isEqualTo(15);
        assertThat(rules(free.bounded(List.of(Constraint.atMost(Measure.p99("local"), 5e6)))).getMinSamples()).as("as pick does").isEqualTo(185);
    }

    /** Four figures of one network: each is given a quarter of the chance that one of them is out. */
    @Test
    void everyFigureThatIsHeldAgainstItsPredictionCounts() {
        Comparison out = new Comparison(Optional.of(200L), Optional.of(100L), Optional.of(new Interval(90, 110)), 112, Optional.empty());
        Comparison in = new Comparison(Optional.of(200L), Optional.of(100L), Optional.of(new Interval(90, 110)), 105, Optional.empty());
        Comparison unasked = new Comparison(Optional.empty(), Optional.of(100L), Optional.of(new Interval(90, 110)), 105, Optional.empty());
        assertThat(Verification.deviates(check(out, unasked, unasked, unasked).held().toList())).isTrue();
        assertThat(Verification.deviates(check(out, in, in, in).held().toList())).as("2.50 deviations of 1.96").isFalse();
        assertThat(Verification.deviates(check(in, in, in, far()).held().toList())).isTrue();
        assertThat(Verification.deviates(check(in, unasked, unasked, far(Optional.empty())).held().toList())).as("nobody asked").isFalse();
    }

    private static Comparison far() {
        return far(Optional.of(200L));
    }

    private static Comparison far(Optional<Long> asked) {
        return new Comparison(asked, Optional.of(100L), Optional.of(new Interval(90, 110)), 130, Optional.empty());
    }

    private static Winner.Check check(Comparison latency, Comparison p99, Comparison memory, Comparison energy) {
        return new Winner.Check("local", 1, Optional.empty(), latency, p99, memory, energy, Optional.empty(), Optional.empty(), 0, 0, 0, true,
            Optional.empty());
    }

    /** A table that has seen a network foretells nothing of it; what it said before is told. */
    @Test
    void whatATableHasLearnedFromIsNoTestOfIt() {
        Comparison in = new Comparison(Optional.empty(), Optional.of(100L), Optional.of(new Interval(90, 110)), 100, Optional.empty());
        Winner.Check fresh = check(in, in, in, in);
        Winner.Check learned = new Winner.Check("local", 1, Optional.empty(), in, in, in, in, Optional.empty(), Optional.empty(), 0, 0, 0, true,
            Optional.of(new Winner.Learned(Optional.of(80L))));
        assertThat(fresh.inside()).contains(true);
        assertThat(learned.inside()).isEmpty();
        assertThat(learned.firstError()).contains(-0.2);
        List<Winner> winners = List.of(new Winner("k3", "a", Map.of("accuracy", 0.5), List.of(fresh)),
            new Winner("k5", "b", Map.of("accuracy", 0.5), List.of(learned)));
        assertThat(Agreement.of(winners).orElseThrow().described()).isEqualTo("2 measured latencies: no limit is asked for; predictions were off "
            + "by 0.0 % at most, 1 of 1 are inside their interval; tables have learned from 1, before which they were off by 20.0 % at most");
        assertThat(Agreement.of(winners.subList(1, 2)).orElseThrow().described()).isEqualTo("1 measured latencies: no limit is asked for; tables "
            + "have learned from 1, before which they were off by 20.0 % at most");
    }

    @Test
    void aPredictionHoldsWhereTheMeasurementLiesInItsInterval() {
        assertThat(check(new Interval(98, 104)).inside()).contains(true);
        assertThat(check(new Interval(101, 104)).inside()).contains(false);
        Winner oneOfTwo = new Winner("k3", "winner-1.onnx", Map.of("accuracy", 0.5),
            List.of(check(new Interval(98, 104)), check(new Interval(101, 104))));
        assertThat(oneOfTwo.inside()).contains(false);
        assertThat(oneOfTwo.isVerified()).isTrue();
        assertThat(new Winner("k3", "winner-1.onnx", Map.of("accuracy", 0.5), List.of()).inside()).isEmpty();
    }

    /** A prediction that is out by a little more than its interval is no surprise among several. */
    @Test
    void whatChanceExplainsIsNoDeviation() {
        Comparison outside = check(new Interval(101, 104)).latency();
        assertThat(outside.deviates(1)).isTrue();
        Comparison near = new Comparison(Optional.empty(), Optional.of(110L), Optional.of(new Interval(101, 119)), 100, Optional.empty());
        assertThat(near.deviates(1)).isTrue();
        assertThat(near.deviates(1.2)).isFalse();
        assertThat(near.relativeError()).contains(0.1);
        assertThat(new Comparison(Optional.empty(), Optional.of(110L), Optional.empty(), 100, Optional.empty()).deviates(1)).isFalse();
    }

    private static Winner.Check check(Interval interval) {
        return new Winner.Check("local", 1, Optional.empty(),
            new Comparison(Optional.empty(), Optional.of(101L), Optional.of(interval), 100, Optional.empty()),
            p99(200, Optional.empty()), memory(Optional.empty()), energy(), Optional.empty(), Optional.empty(), 150, 0, 0, true, Optional.empty());
    }

    private static Winner.Check check(Optional<Long> p50Limit, Optional<Long> p99Limit) {
        return check(200, p50Limit, p99Limit);
    }

    private static Winner.Check check(long p99Nanos, Optional<Long> p50Limit, Optional<Long> p99Limit) {
        return new Winner.Check("local", 1, Optional.empty(),
            new Comparison(p50Limit, Optional.of(101L), Optional.of(new Interval(98, 104)), 100, Optional.empty()),
            p99(p99Nanos, p99Limit), memory(Optional.empty()), energy(), Optional.empty(), Optional.empty(), 150, 0, 0, true, Optional.empty());
    }

    private static Comparison energy() {
        return new Comparison(Optional.empty(), Optional.empty(), Optional.empty(), 0, Optional.empty());
    }

    private static Comparison memory(Optional<Long> limit) {
        return new Comparison(limit, Optional.of(5_000_000L), Optional.empty(), 5_500_000L, Optional.empty());
    }

    private static Comparison p99(long nanos, Optional<Long> limit) {
        return new Comparison(limit, Optional.of(190L), Optional.empty(), nanos, Optional.empty());
    }
}
