package dev.lutra.agent.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.lutra.agent.EstimatorRules;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** When a warm-up has settled, by the vectors that the browser's tests read, too. */
class SteadyStateTest {

    static Iterable<JsonObject> steady() {
        return EstimatorRules.of("steady");
    }

    @ParameterizedTest
    @MethodSource
    void steady(JsonObject vector) {
        long[] latencies = Arrays.stream(EstimatorRules.numbers(vector.get("latencies"))).mapToLong(Math::round).toArray();
        assertThat(new SteadyState(latencies.length).reached(latencies, latencies.length))
            .as(vector.get("what").getAsString()).isEqualTo(vector.get("is").getAsBoolean());
    }
}
