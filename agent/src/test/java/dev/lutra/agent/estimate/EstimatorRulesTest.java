package dev.lutra.agent.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lutra.agent.EstimatorRules;
import dev.lutra.agent.statistics.Distributions;
import dev.lutra.agent.statistics.Statistics;
import dev.lutra.proto.Distribution;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Random;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The estimators that both agents have, by the vectors that the browser's tests read, too. */
class EstimatorRulesTest {

    private static void assertClose(double actual, double expected, double relative) {
        assertThat(actual).isCloseTo(expected, within(relative * Math.abs(expected) + 1e-15));
    }

    static Iterable<JsonObject> quantile() {
        return EstimatorRules.of("quantile");
    }

    @ParameterizedTest
    @MethodSource
    void quantile(JsonObject vector) {
        assertClose(Statistics.quantile(EstimatorRules.numbers(vector.get("values")), vector.get("fraction").getAsDouble()),
            vector.get("is").getAsDouble(), 1e-9);
    }

    static Iterable<JsonObject> variance() {
        return EstimatorRules.of("variance");
    }

    @ParameterizedTest
    @MethodSource
    void variance(JsonObject vector) {
        assertClose(Statistics.variance(EstimatorRules.numbers(vector.get("values"))), vector.get("is").getAsDouble(), 1e-9);
    }

    static Iterable<JsonObject> student975() {
        return EstimatorRules.of("student975");
    }

    @ParameterizedTest
    @MethodSource
    void student975(JsonObject vector) {
        assertClose(Statistics.student975(vector.get("degreesOfFreedom").getAsDouble()), vector.get("is").getAsDouble(), 0.01);
    }

    static Iterable<JsonObject> gamma() {
        return EstimatorRules.of("gamma");
    }

    @ParameterizedTest
    @MethodSource
    void gamma(JsonObject vector) {
        double x = vector.get("x").getAsDouble();
        assertClose(Statistics.digamma(x), vector.get("digamma").getAsDouble(), 1e-9);
        assertClose(Statistics.trigamma(x), vector.get("trigamma").getAsDouble(), 1e-9);
        assertClose(Statistics.inverseTrigamma(vector.get("trigamma").getAsDouble()), x, 1e-9);
    }

    static Iterable<JsonObject> spread() {
        return EstimatorRules.of("spread");
    }

    @ParameterizedTest
    @MethodSource
    void spread(JsonObject vector) {
        Spread spread = new Spread();
        for (JsonElement task : vector.getAsJsonArray("tasks")) {
            spread.add(EstimatorRules.numbers(task));
        }
        assertClose(spread.variance(), vector.get("variance").getAsDouble(), 1e-9);
        Spread.Mixed mixed = spread.mixed(EstimatorRules.numbers(vector.get("own")));
        JsonObject expected = vector.getAsJsonObject("agent"); // the page's weigh all tasks alike
        assertClose(mixed.variance(), expected.get("mixedVariance").getAsDouble(), 1e-9);
        assertClose(mixed.degreesOfFreedom(), expected.get("degreesOfFreedom").getAsDouble(), 1e-9);
    }

    static Iterable<JsonObject> distribution() {
        return EstimatorRules.of("distribution");
    }

    @ParameterizedTest
    @MethodSource
    void distribution(JsonObject vector) throws DataFormatException {
        double[] samples = EstimatorRules.numbers(vector.get("samples"));
        Distribution actual = Distributions.of(samples, 0.1);
        assertThat(actual.getSamples()).isEqualTo(samples.length);
        assertThat(actual.getMinNanos()).isEqualTo(vector.get("minNanos").getAsLong());
        assertThat(actual.getP50Nanos()).isEqualTo(vector.get("p50Nanos").getAsLong());
        assertThat(actual.getP90Nanos()).isEqualTo(vector.get("p90Nanos").getAsLong());
        assertThat(actual.getP99Nanos()).isEqualTo(vector.get("p99Nanos").getAsLong());
        assertThat(actual.getP999Nanos()).isEqualTo(vector.get("p999Nanos").getAsLong());
        assertThat(actual.getMaxNanos()).isEqualTo(vector.get("maxNanos").getAsLong());
        assertClose(actual.getMeanNanos(), vector.get("meanNanos").getAsDouble(), 1e-9);
        assertClose(actual.getDeviationNanos(), vector.get("deviationNanos").getAsDouble(), 1e-9);
        assertThat(histogram(actual.getHistogram().toByteArray()))
            .isEqualTo(histogram(Base64.getDecoder().decode(vector.get("histogram").getAsString())));
    }

    private static Histogram histogram(byte[] encoded) throws DataFormatException {
        return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(encoded), 0);
    }

    static Iterable<JsonObject> seededValues() {
        return EstimatorRules.of("seededValues");
    }

    @ParameterizedTest
    @MethodSource
    void seededValues(JsonObject vector) {
        Random random = new Random(vector.get("seed").getAsLong());
        for (double value : EstimatorRules.numbers(vector.get("values"))) {
            assertThat(random.nextGaussian()).isEqualTo(value);
        }
    }
}
