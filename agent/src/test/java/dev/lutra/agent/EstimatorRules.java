package dev.lutra.agent;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The vectors that hold this agent's estimators and the browser's to the same figures; the pages' own tests read them, too. */
public final class EstimatorRules {

    private EstimatorRules() {}

    /** All vectors of a rule. */
    public static List<JsonObject> of(String rule) {
        try (Reader in = new InputStreamReader(EstimatorRules.class.getResourceAsStream("estimator-rules.json"), StandardCharsets.UTF_8)) {
            return stream(JsonParser.parseReader(in).getAsJsonObject().getAsJsonArray(rule)).map(JsonElement::getAsJsonObject).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<JsonElement> stream(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    public static double[] numbers(JsonElement array) {
        return stream(array.getAsJsonArray()).mapToDouble(JsonElement::getAsDouble).toArray();
    }
}
