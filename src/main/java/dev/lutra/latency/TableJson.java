package dev.lutra.latency;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.InputException;
import dev.lutra.proto.LookupTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the JSON form of a table entry by entry, which protobuf's own reader does not, so that a mistake can be placed. */
final class TableJson {

    private static final JsonMapper JSON = JsonMapper.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();

    private TableJson() {}

    static LookupTable read(Path file) {
        ObjectNode root = tree(file);
        JsonNode format = root.path("format");
        if (format.asInt() != dev.lutra.latency.LookupTable.FORMAT) {
            throw InputException.in(file, "format: " + (format.isMissingNode() ? "missing" : format.asText())
                + " (expected: " + dev.lutra.latency.LookupTable.FORMAT + ")");
        }
        JsonNode entries = root.remove("entries");
        LookupTable.Builder table = LookupTable.newBuilder();
        merge(root, table, file, "");
        if (entries != null && !entries.isArray()) {
            throw InputException.in(file, "entries: not a list (expected: a list)");
        }
        for (int i = 0; entries != null && i < entries.size(); i++) {
            String place = "entries[" + i + "] " + entries.get(i).path("key").asText() + ": ";
            merge(entries.get(i), table.addEntriesBuilder(), file, place);
        }
        return table.build();
    }

    private static ObjectNode tree(Path file) {
        try {
            if (JSON.readTree(Files.readString(file)) instanceof ObjectNode root) {
                return root;
            }
            throw InputException.in(file, "not a JSON object (expected: a lookup table)");
        } catch (NoSuchFileException e) {
            throw InputException.in(file, "no such file");
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new InputException(file + ":" + line + ": not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static void merge(JsonNode node, Message.Builder message, Path file, String place) {
        try {
            JsonFormat.parser().merge(node.toString(), message);
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(file + ": " + place + e.getMessage().lines().findFirst().orElse("not a lookup table"), e);
        }
    }
}
