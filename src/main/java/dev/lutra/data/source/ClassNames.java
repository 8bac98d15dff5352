package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What classes are called by people, where their folders have other names, as the synsets of ImageNet do.
 *
 * @param titles by the name of the class
 * @param numbered names of the classes by the numbers that a data set's own lists count them with
 */
public record ClassNames(Map<String, String> titles, Map<Integer, String> numbered) {

    /** Classes are called what they are. */
    public static final ClassNames NONE = new ClassNames(Map.of(), Map.of());

    private static final int MOST_BYTES = 1 << 24;

    /**
     * Reads a class in each line: its name, white space, and what people call it. Such are the {@code LOC_synset_mapping.txt} and
     * {@code words.txt} of ImageNet. Where every line has a whole number between both, as {@code map_clsloc.txt} of its development kit, lists
     * may name classes by these numbers.
     *
     * @throws InputException naming file and line
     */
    public static ClassNames read(Path file) {
        Map<Integer, String[]> lines = new LinkedHashMap<>();
        Map<String, String> titles = new HashMap<>();
        List<String> text = InputFile.text(file, MOST_BYTES).lines().map(String::strip).toList();
        for (int line = 0; line < text.size(); line++) {
            if (!text.get(line).isEmpty()) {
                String[] parts = text.get(line).split("\\s+", 2);
                if (parts.length < 2) {
                    throw error(file, line, "'" + parts[0] + "' alone (expected: a class, white space, and its name for people)");
                }
                if (titles.put(parts[0], parts[1]) != null) {
                    throw error(file, line, parts[0] + " a second time (expected: a line a class)");
                }
                lines.put(line, parts);
            }
        }
        if (lines.isEmpty()) {
            throw InputException.in(file, "empty (expected: a class in each line, and its name for people)");
        }
        return lines.values().stream().allMatch(parts -> parts[1].matches("\\d{1,6}\\s+.+"))
            ? numbered(file, lines)
            : new ClassNames(Collections.unmodifiableMap(titles), Map.of());
    }

    private static ClassNames numbered(Path file, Map<Integer, String[]> lines) {
        Map<String, String> titles = new HashMap<>();
        Map<Integer, String> numbered = new HashMap<>();
        for (Map.Entry<Integer, String[]> entry : lines.entrySet()) {
            int line = entry.getKey();
            String[] parts = entry.getValue();
            String[] rest = parts[1].split("\\s+", 2);
            titles.put(parts[0], rest[1]);
            String other = numbered.put(Integer.valueOf(rest[0]), parts[0]);
            if (other != null) {
                throw error(file, line, "number " + rest[0] + " is that of " + other + " too (expected: different numbers)");
            }
        }
        return new ClassNames(Collections.unmodifiableMap(titles), Collections.unmodifiableMap(numbered));
    }

    private static InputException error(Path file, int line, String problem) {
        return new InputException(file + ":" + (line + 1) + ": " + problem);
    }

    /** The class of a number in a list. */
    Optional<String> of(int number) {
        return Optional.ofNullable(numbered.get(number));
    }

    /**
     * Names for people in the same order, all different. Of classes that are called alike, and where a title ends like one that this is
     * done to, each has its own name behind it, in which brackets follow a backslash: {@code crane (n02012849)}.
     *
     * @throws InputException if one has no name
     */
    public List<String> shown(List<String> classes) {
        if (titles.isEmpty()) {
            return classes;
        }
        Map<String, Integer> uses = new HashMap<>();
        Set<String> endings = classes.stream().map(ClassNames::ending).collect(Collectors.toSet());
        for (String name : classes) {
            if (!titles.containsKey(name)) {
                throw new InputException("data.classes: no name for class " + name + " (expected: a line for each class)");
            }
            uses.merge(titles.get(name), 1, Integer::sum);
        }
        return classes.stream().map(name -> {
            String title = titles.get(name);
            boolean looksLikeAnother = uses.get(title) > 1 || title.endsWith(")") && endings.stream().anyMatch(title::endsWith);
            return looksLikeAnother ? title + ending(name) : title;
        }).toList();
    }

    private static String ending(String name) {
        return " (" + name.replaceAll("[\\\\()]", "\\\\$0") + ")";
    }
}
