package dev.lutra.server.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Map;

/** Events as lines of JSON: {@code event}, {@code key}, {@code at}, {@code life}, then what the event itself says. */
final class EventJson {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
    private static final Map<String, Class<? extends RunEvent>> KINDS = Map.ofEntries(
        Map.entry("stage-began", RunEvent.StageBegan.class),
        Map.entry("stage-cut-off", RunEvent.StageCutOff.class),
        Map.entry("stage-ended", RunEvent.StageEnded.class),
        Map.entry("training-step", RunEvent.TrainingStep.class),
        Map.entry("training-pace", RunEvent.TrainingPace.class),
        Map.entry("decisions-taken", RunEvent.DecisionsTaken.class),
        Map.entry("paths-probed", RunEvent.PathsProbed.class),
        Map.entry("epoch-saved", RunEvent.EpochSaved.class),
        Map.entry("options-dropped", RunEvent.OptionsDropped.class),
        Map.entry("paths-judged", RunEvent.PathsJudged.class),
        Map.entry("networks-ranked", RunEvent.NetworksRanked.class),
        Map.entry("entry-measured", RunEvent.EntryMeasured.class),
        Map.entry("table-fitted", RunEvent.TableFitted.class),
        Map.entry("table-written", RunEvent.TableWritten.class),
        Map.entry("candidate-evaluated", RunEvent.CandidateEvaluated.class),
        Map.entry("accuracy-counted", RunEvent.AccuracyCounted.class),
        Map.entry("generation-ended", RunEvent.GenerationEnded.class),
        Map.entry("search-timed", RunEvent.SearchTimed.class),
        Map.entry("front-found", RunEvent.FrontFound.class),
        Map.entry("file-exported", RunEvent.FileExported.class),
        Map.entry("weights-matched", RunEvent.WeightsMatched.class),
        Map.entry("file-deployed", RunEvent.FileDeployed.class),
        Map.entry("file-quantized", RunEvent.FileQuantized.class),
        Map.entry("file-verified", RunEvent.FileVerified.class),
        Map.entry("table-repaired", RunEvent.TableRepaired.class),
        Map.entry("network-retrained", RunEvent.NetworkRetrained.class),
        Map.entry("network-tested", RunEvent.NetworkTested.class),
        Map.entry("files-passed-over", RunEvent.FilesPassedOver.class),
        Map.entry("images-skipped", RunEvent.ImagesSkipped.class),
        Map.entry("classes-unequal", RunEvent.ClassesUnequal.class),
        Map.entry("warning", RunEvent.Warning.class));

    private EventJson() {}

    static String write(String key, StoredEvent stored) {
        try {
            ObjectNode node = JSON.createObjectNode();
            node.put("event", kind(stored.event())).put("key", key).put("at", stored.at().toString()).put("life", stored.life());
            node.setAll((ObjectNode) JSON.valueToTree(stored.event()));
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree always writes", e);
        }
    }

    private static String kind(RunEvent event) {
        return KINDS.entrySet().stream().filter(entry -> entry.getValue().isInstance(event)).map(Map.Entry::getKey).findFirst()
            .orElseThrow();
    }

    static StoredEvent read(String json) {
        return keyed(json).event();
    }

    static EventLines.Keyed keyed(String json) {
        try {
            ObjectNode node = (ObjectNode) JSON.readTree(json);
            Class<? extends RunEvent> kind = KINDS.get(node.remove("event").asText());
            Instant at = Instant.parse(node.remove("at").asText());
            int life = node.remove("life").asInt();
            String key = node.remove("key").asText();
            return new EventLines.Keyed(key, new StoredEvent(at, life, JSON.treeToValue(node, kind)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("event in the run's database: " + e.getOriginalMessage(), e);
        }
    }
}
