package dev.lutra.latency;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.LookupTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the JSON form of a table entry by entry, which protobuf's own reader does not, so that a mistake can be placed. */
final class TableJson {

    private static final int MOST_BYTES = 1 << 28;
    private static final JsonFactory FACTORY = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /** Made when a table is wrong, since making it takes as long as reading one. */
    private static final class Strict {

        private static final JsonMapper JSON = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    }

    private TableJson() {}

    /** What is right is read in one go; only what is not is taken apart, to say where. */
    static LookupTable read(Path file) {
        String text = InputFile.text(file, MOST_BYTES);
        return whole(text).orElseGet(() -> entryByEntry(file, text));
    }

    private static Optional<LookupTable> whole(String text) {
        try (JsonParser tokens = FACTORY.createParser(text)) {
            // protobuf's reader lets pass what is given twice and what follows the document
            int documents = 0;
            int depth = 0;
            for (JsonToken token = tokens.nextToken(); token != null; token = tokens.nextToken()) {
                documents += depth == 0 ? 1 : 0;
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            }
            LookupTable.Builder table = LookupTable.newBuilder();
            JsonFormat.parser().merge(text, table);
            return documents == 1 && table.getFormat() == dev.lutra.latency.LookupTable.FORMAT
                ? Optional.of(table.build())
                : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static LookupTable entryByEntry(Path file, String text) {
        ObjectNode root = tree(file, text);
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

    private static ObjectNode tree(Path file, String text) {
        try {
            if (Strict.JSON.readTree(text) instanceof ObjectNode root) {
                return root;
            }
            throw InputException.in(file, "not a JSON object (expected: a lookup table)");
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new InputException(file + ":" + line + ": not JSON: " + e.getOriginalMessage(), e);
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
