package dev.lutra.latency.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Tables;
import dev.lutra.latency.table.TableCheck.Finding;
import dev.lutra.latency.table.TableCheck.Severity;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableCheckTest {

    private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");

    private static Entry.Builder good(String key) {
        return Entry.newBuilder().setKey(key).setLabel("layer1 k3")
            .setLatency(Distribution.newBuilder().setP50Nanos(1000).setRelativeHalfWidth(0.01))
            .setCircumstances(Circumstances.newBuilder().setSteady(true).setConverged(true).setRounds(5).setDrift(0.01)
                .setSentinelNanos(101).setSentinelReferenceNanos(100)
                .setMeasuredAtMillis(NOW.minus(Duration.ofDays(9)).toEpochMilli()));
    }

    private static LookupTable table(Calibration calibration, Entry... entries) {
        Calibration.Builder fitted = calibration.toBuilder();
        for (int i = 0; i < 2; i++) {
            fitted.addNetworks(WholeNetwork.newBuilder().setSpace("small").setArchitecture("network " + i).setWeight(1)
                .addSegments(entries[0].getKey()).setLatency(Distribution.newBuilder().setP50Nanos(1000)));
        }
        return LookupTable.of(Tables.empty().setCalibration(fitted).addAllEntries(List.of(entries)).build());
    }

    private static Calibration calibration(double error) {
        return Calibration.newBuilder().setScale(1).setHeldOut(50).setMeanRelativeError(error)
            .setWorstRelativeError(2 * error).setVariances(CorrectionVariances.newBuilder().setBias(1).setScale(1).setOps(1)
                .setShape(1).setFamily(1).setSegment(1).setNetwork(1))
            .build();
    }

    private static List<Finding> check(LookupTable table) {
        return TableCheck.check(table, Optional.empty(), Duration.ofDays(30), NOW);
    }

    @Test
    void aGoodTableIsOnlyToldItsError() {
        assertThat(check(table(calibration(0.02), good("00000000000000aa").build()))).containsExactly(
            new Finding(Severity.NOTE, "calibration", "table", "mean error 2.0 % on 50 held-out networks, worst 4.0 %"));
    }

    private static LookupTable scaledTo(Circumstances.Builder first, Circumstances.Builder second) {
        return table(calibration(0.02), scaledTo("00000000000000aa", first), scaledTo("00000000000000bb", second));
    }

    private static Entry scaledTo(String key, Circumstances.Builder levels) {
        Entry.Builder entry = good(key);
        entry.getCircumstancesBuilder().clearSentinelNanos().clearSentinelReferenceNanos().mergeFrom(levels.build());
        return entry.build();
    }

    private static Circumstances.Builder levels(String sentinel, long reference, long coreReference) {
        return Circumstances.newBuilder().setSentinel(sentinel).setSentinelNanos(reference).setSentinelReferenceNanos(reference)
            .setCoreSentinelNanos(coreReference).setCoreSentinelReferenceNanos(coreReference);
    }

    /** A board that throttled for good while its table was measured, or a state folder that was lost. */
    @Test
    void findsATableOfTwoScales() {
        assertThat(check(scaledTo(levels("m", 10_000_000, 100_000), levels("m", 15_000_000, 150_000))))
            .filteredOn(finding -> finding.check().equals("scale")).containsExactly(
                new Finding(Severity.SERIOUS, "scale", "table", "entries stand on different scales: the reference level of the "
                    + "sentinel m was 10000000 ns for some and 15000000 ns for others"),
                new Finding(Severity.SERIOUS, "scale", "table", "entries stand on different scales: the reference level of the "
                    + "small sentinel was 100000 ns for some and 150000 ns for others"));
        assertThat(check(scaledTo(levels("", 1000, 0), levels("", 1020, 0)))).extracting(Finding::severity)
            .containsExactly(Severity.WARNING, Severity.NOTE);
    }

    @Test
    void twoSentinelsAreNotTwoScales() {
        assertThat(check(scaledTo(levels("m", 10_000_000, 100_000), levels("w", 20_000_000, 100_000))))
            .extracting(Finding::check).containsExactly("calibration");
        assertThat(check(scaledTo(levels("", 10_000_000, 100_000), levels("", 20_000_000, 100_000))))
            .as("agents that do not say which").extracting(Finding::check).containsExactly("calibration");
    }

    @ParameterizedTest
    @CsvSource({"a, a,", "a, b, SERIOUS", "a, '', WARNING", "'', '',"})
    void findsATableOfTwoEstimators(String first, String second, Severity severity) {
        Entry.Builder one = good("00000000000000aa");
        Entry.Builder other = good("00000000000000bb");
        one.getLatencyBuilder().setEstimator(first);
        other.getLatencyBuilder().setEstimator(second);
        assertThat(check(table(calibration(0.02), one.build(), other.build())))
            .filteredOn(finding -> finding.check().equals("estimator")).extracting(Finding::severity)
            .isEqualTo(severity == null ? List.of() : List.of(severity));
    }

    private static void breakEntry(String how, Entry.Builder entry) {
        Circumstances.Builder circumstances = entry.getCircumstancesBuilder();
        Distribution.Builder latency = entry.getLatencyBuilder();
        Consumer<Double> wide = width -> {
            circumstances.setConverged(false);
            latency.setRelativeHalfWidth(width);
        };
        switch (how) {
            case "old" -> circumstances.setMeasuredAtMillis(NOW.minus(Duration.ofDays(31)).toEpochMilli());
            case "undated" -> circumstances.clearMeasuredAtMillis();
            case "not converged" -> wide.accept(0.03);
            case "far from converged" -> wide.accept(0.2);
            case "one round" -> wide.accept(Double.POSITIVE_INFINITY);
            case "not steady" -> circumstances.setSteady(false);
            case "drifting" -> circumstances.setDrift(0.12);
            case "running away" -> circumstances.setDrift(0.3);
            case "throttled" -> circumstances.setSentinelNanos(130);
            case "core throttled" -> circumstances.setCoreSentinelNanos(7).setCoreSentinelReferenceNanos(10);
            case "disturbed" -> circumstances.setDisturbedRounds(6);
            case "slowed" -> circumstances.getSystemBuilder().setThrottled(4);
            case "cooled" -> circumstances.getSystemBuilder().setCooled(true).setCelsius(96);
            case "unknown" -> entry.clearCircumstances();
            default -> throw new IllegalArgumentException(how);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "old | WARNING | age | 1 of 2 entries are older than 30 days, the oldest 31",
        "undated | WARNING | age | 1 of 2 entries do not say when they were measured",
        "not converged | WARNING | convergence | not converged: known to ± 3.0 %",
        "far from converged | SERIOUS | convergence | not converged: known to ± 20.0 %",
        "one round | SERIOUS | convergence | not converged: a single round, without an interval",
        "not steady | WARNING | steadiness | the warm-up did not settle before its limit",
        "drifting | WARNING | drift | the sentinel moved by 12.0 % while it was measured",
        "running away | SERIOUS | drift | the sentinel moved by 30.0 % while it was measured",
        "throttled | WARNING | drift | the sentinel was at 1.30 of its reference level, which its figures were scaled to",
        "core throttled | WARNING | drift | the small sentinel was at 0.70 of its reference level, which its figures were scaled to",
        "slowed | WARNING | throttling | the device was slowed 4 times while it was measured, for its temperature or its CPU quota",
        "cooled | WARNING | throttling | the device was slowing its processors against heat, at 96 degrees",
        "disturbed | WARNING | disturbance | 6 rounds were disturbed, 5 kept"})
    void oneThingWrongIsOneFinding(String how, Severity severity, String check, String message) {
        Entry.Builder bad = good("00000000000000bb");
        breakEntry(how, bad);
        List<Finding> findings = check(table(calibration(0.02), good("00000000000000aa").build(), bad.build()));
        assertThat(findings).hasSize(2);
        String subject = check.equals("age") ? "table" : "00000000000000bb layer1 k3";
        assertThat(findings.get(0)).isEqualTo(new Finding(severity, check, subject, message));
    }

    @Test
    void entriesOfSeveralPowerModesAreNotToBeAddedUp() {
        Entry.Builder one = good("00000000000000aa");
        Entry.Builder other = good("00000000000000bb");
        one.getCircumstancesBuilder().getSystemBuilder().setPowerMode("MAXN").setGovernor("schedutil");
        other.getCircumstancesBuilder().getSystemBuilder().setPowerMode("MODE_15W").setGovernor("schedutil");
        assertThat(check(table(calibration(0.02), one.build(), other.build())).get(0)).isEqualTo(new Finding(Severity.SERIOUS, "power", "table",
            "entries were measured under several power modes: MAXN, MODE_15W"));
    }

    @Test
    void anEntryWithoutCircumstancesIsDoubtful() {
        Entry.Builder bad = good("00000000000000bb");
        breakEntry("unknown", bad);
        assertThat(check(table(calibration(0.02), bad.build()))).extracting(Finding::message)
            .contains("how it was measured is not recorded", "1 of 1 entries do not say when they were measured");
    }

    @ParameterizedTest
    @CsvSource({"0.04, NOTE", "0.06, WARNING", "0.11, SERIOUS"})
    void theErrorOnWholeNetworksCounts(double error, Severity severity) {
        assertThat(check(table(calibration(error), good("00000000000000aa").build())).get(0).severity()).isEqualTo(severity);
    }

    @Test
    void withoutCalibrationTheErrorIsUnknown() {
        LookupTable table = LookupTable.of(Tables.empty().addEntries(good("00000000000000aa")).build());
        assertThat(check(table)).containsExactly(
            new Finding(Severity.WARNING, "calibration", "table", "none: the error on whole networks is unknown"));
    }

    @Test
    void missingSegmentsAreSeriousAndNamed() {
        SearchSpace space = Tables.smallSpace();
        LookupTable whole = Tables.of(space);
        assertThat(TableCheck.check(whole, Optional.of(space), Duration.ofDays(30), NOW))
            .noneMatch(f -> f.check().equals("missing"));
        Entry left = whole.entries().get(0);
        LookupTable table = LookupTable.of(whole.content().toBuilder().removeEntries(0).build());
        assertThat(TableCheck.check(table, Optional.of(space), Duration.ofDays(30), NOW).get(0))
            .isEqualTo(new Finding(Severity.SERIOUS, "missing", left.getKey(), left.getLabel()));
    }

    @Test
    void anImportedTableIsNotBlamedForWhatItsPublisherDidNotSay() {
        LookupTable table = LookupTable.load(Path.of("..", "lut", "pixel1-proxylessnas.json"));
        assertThat(check(table)).hasSize(2).allMatch(finding -> finding.severity() == Severity.NOTE);
    }
}
