package dev.lutra.server.comparison;

import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Settings that differ between experiment files, and only those, in the words of the files. */
final class SettingDifferences {

    private SettingDifferences() {}

    /**
     * By key, with dots between its parts, the value in each file; empty where a file does not name it. The experiments' names
     * are no setting.
     *
     * @param texts of the files
     */
    static Map<String, List<String>> of(List<String> texts) {
        List<Map<String, String>> all = texts.stream().map(SettingDifferences::leaves).toList();
        Set<String> keys = new LinkedHashSet<>();
        all.forEach(one -> keys.addAll(one.keySet()));
        keys.remove("name");
        Map<String, List<String>> different = new TreeMap<>();
        for (String key : keys) {
            List<String> values = all.stream().map(one -> one.getOrDefault(key, "")).toList();
            if (values.stream().distinct().count() > 1) {
                different.put(key, values);
            }
        }
        return different;
    }

    private static Map<String, String> leaves(String text) {
        Map<String, String> leaves = new TreeMap<>();
        collect("", YamlNode.parse("experiment", text).plain(), leaves);
        return leaves;
    }

    /** A list of plain values is one; of a list of mappings each has its number. */
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
