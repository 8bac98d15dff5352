package dev.lutra.server.recipe;

import dev.lutra.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A published experiment as a file, which says line by line what is its authors' and what is Lutra's. The files lie in {@code recipes/} of the
 * sources.
 *
 * @param name of the file without its ending, and of the experiment
 * @param text of the file
 */
public record Recipe(String name, String text) {

    private static final Pattern TABLE = Pattern.compile("\\btable: (lut/[a-z0-9-]+\\.json)");

    /** All, sorted by name. */
    public static List<Recipe> all() {
        return resource("index.txt").orElseThrow(() -> new IllegalStateException("the list of recipes is missing"))
            .lines().filter(line -> !line.isBlank()).sorted().map(Recipe::of).toList();
    }

    /**
     * @throws InputException if there is none of that name
     */
    public static Recipe of(String name) {
        return (name.matches("[a-z0-9-]+") ? resource(name + ".yaml") : Optional.<String>empty()).map(text -> new Recipe(name, text))
            .orElseThrow(() -> new InputException("recipe: " + name + " (expected: one of "
                + all().stream().map(Recipe::name).collect(Collectors.joining(", ")) + ")"));
    }

    /** What it is: its first line. */
    public String title() {
        return text.lines().findFirst().orElse("").replaceFirst("^# *", "");
    }

    /** Tables that it names and Lutra has, by their paths beside it. */
    public SortedMap<String, String> tables() {
        SortedMap<String, String> tables = new TreeMap<>();
        TABLE.matcher(text).results().map(named -> named.group(1)).forEach(path -> tables.put(path, resource(path).orElseThrow(
            () -> new IllegalStateException(name + ": its table " + path + " is missing"))));
        return tables;
    }

    private static Optional<String> resource(String name) {
        try (InputStream stream = Recipe.class.getResourceAsStream(name)) {
            return stream == null ? Optional.empty() : Optional.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(name + ": cannot be read from the program: " + e.getMessage(), e);
        }
    }
}
