package dev.lutra.server.experiment;

import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What an experiment file says, setting by setting, in its own words. */
public final class FileWords {

    private FileWords() {}

    /** By key, with dots between its parts, the value as the file has it. A list of plain values is one; of a list of mappings each has its number. */
    public static Map<String, String> of(String text) {
        Map<String, String> leaves = new TreeMap<>();
        collect("", YamlNode.parse("experiment", text).plain(), leaves);
        return leaves;
    }

    private static void collect(String key, Object value, Map<String, String> leaves) {
        if (value instanceof Map<?, ?> mapping) {
            mapping.forEach((name, inner) -> collect(key.isEmpty() ? name.toString() : key + "." + name, inner, leaves));
        } else if (value instanceof List<?> list && list.stream().anyMatch(item -> item instanceof Map)) {
            List<Object> items = new ArrayList<>(list);
            for (int i = 0; i < items.size(); i++) {
                collect(key + "[" + i + "]", items.get(i), leaves);
            }
        } else {
            leaves.put(key, String.valueOf(value));
        }
    }
}
