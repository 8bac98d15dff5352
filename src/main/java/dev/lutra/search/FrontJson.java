package dev.lutra.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A front as JSON: {@code format}, {@code objectives}, {@code provenance}, {@code candidates}. */
final class FrontJson {

    private static final int FORMAT = 1;
    private static final String ARCHITECTURE = "arch";
    private static final int MOST_BYTES = 1 << 28;
    private static final JsonMapper JSON = JsonMapper.builder()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .build();

    private FrontJson() {}

    static void write(Front front, Path file) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        front.objectives().forEach(objective -> root.withArray("objectives").add(objective.toString()));
        ObjectNode provenance = root.putObject("provenance");
        front.provenance().forEach(provenance::put);
        root.putArray("candidates");
        for (Candidate candidate : front.candidates()) {
            ObjectNode node = root.withArray("candidates").addObject();
            node.put(ARCHITECTURE, candidate.architecture().toString());
            candidate.measures().values().forEach((measure, value) -> node.put(Measure.column(measure), Measure.toColumn(measure, value)));
        }
        AtomicFile.write(file, root.toPrettyString() + "\n");
    }

    static Front read(Path file, GeneSpace space) {
        JsonNode root = tree(file);
        if (root.path("format").asInt() != FORMAT) {
            throw InputException.in(file, "format: " + root.path("format").asText("missing") + " (expected: " + FORMAT + ")");
        }
        List<Objective> objectives = new ArrayList<>();
        root.path("objectives").forEach(node -> objectives.add(Objective.parse(node.asText())));
        SortedMap<String, String> provenance = new TreeMap<>();
        root.path("provenance").fields().forEachRemaining(field -> provenance.put(field.getKey(), field.getValue().asText()));
        List<Candidate> candidates = new ArrayList<>();
        for (JsonNode node : root.path("candidates")) {
            candidates.add(candidate(node, file + ": candidates[" + candidates.size() + "]", space));
        }
        if (candidates.isEmpty()) {
            throw InputException.in(file, "candidates: none (expected: at least one, as a search leaves)");
        }
        return new Front(objectives, candidates, provenance);
    }

    private static JsonNode tree(Path file) {
        try {
            return JSON.readTree(InputFile.text(file, MOST_BYTES));
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new InputException(file + ":" + line + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Candidate candidate(JsonNode node, String place, GeneSpace space) {
        SortedMap<String, Double> values = new TreeMap<>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (field.getKey().equals(ARCHITECTURE)) {
                continue;
            }
            if (!field.getValue().isNumber()) {
                throw new InputException(place + "." + field.getKey() + ": " + field.getValue() + " (expected: a number)");
            }
            String measure = Measure.ofColumn(field.getKey());
            double value = Measure.fromColumn(measure, field.getValue().decimalValue());
            Measure.expectation(measure, value).ifPresent(expected -> {
                throw new InputException(
                    place + "." + field.getKey() + ": " + field.getValue() + " (expected: " + expected + ")");
            });
            values.put(measure, value);
        }
        return new Candidate(architecture(node, place, space), new Measures(values));
    }

    private static Architecture architecture(JsonNode node, String place, GeneSpace space) {
        try {
            return space.parse(node.path(ARCHITECTURE).asText());
        } catch (InputException e) {
            throw new InputException(place + "." + ARCHITECTURE + ": " + e.getMessage(), e);
        }
    }
}
