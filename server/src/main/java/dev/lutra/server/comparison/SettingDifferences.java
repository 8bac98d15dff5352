package dev.lutra.server.comparison;

import dev.lutra.server.experiment.FileWords;
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
        List<Map<String, String>> all = texts.stream().map(FileWords::of).toList();
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
}
