package dev.lutra.server.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.lutra.proto.border.TaskLimits;

/** What tasks may ask for, as pages read it: {@link TaskLimits}, which stands in the protocol. */
final class Limits {

    private Limits() {}

    static byte[] json() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ObjectNode ranges = document.putObject("ranges");
        TaskLimits.ranges().forEach((path, range) -> ranges.putObject(path)
            .put("least", range.getLeast()).put("most", range.getMost()).put("aboveLeast", range.getAboveLeast())
            .put("items", range.getItems()).put("any", range.getAny()));
        document.put("mostValues", TaskLimits.MOST_VALUES).put("mostOutputBytes", TaskLimits.MOST_OUTPUT_BYTES);
        try {
            return new ObjectMapper().writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
