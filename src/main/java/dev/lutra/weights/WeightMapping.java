package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a published file calls our tensors; {@code docs/reference/weights.md} describes the format. Entries may hold placeholders:
 * <code>{n}</code> in our name stands for text without a dot and comes back in theirs, translated if there is a table for
 * it, or as a number counted from elsewhere: <code>{n-1}</code>. A {@code *} stands for text that theirs has no use for.
 */
public final class WeightMapping {

    private static final Pattern OURS = Pattern.compile("(?:[^{}*]|\\*|\\{[a-z]+})++");
    private static final Pattern THEIRS = Pattern.compile("(?:[^{}*]|\\{[a-z]+(?:[+-]\\d{1,6})?})++");
    private static final Pattern PIECE = Pattern.compile("\\{([a-z]+)}|\\*|[^{}*]+");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z]+)([+-]\\d+)?}");

    /** One entry. */
    private record Rule(Pattern ours, Set<String> placeholders, String theirs) {}

    private final List<Rule> rules;
    private final Map<String, Map<String, String>> tables;
    private final Set<String> ignored;

    private WeightMapping(List<Rule> rules, Map<String, Map<String, String>> tables, Set<String> ignored) {
        this.rules = rules;
        this.tables = tables;
        this.ignored = ignored;
    }

    /**
     * Reads a mapping file.
     *
     * @throws InputException with file and line, if it is wrong
     */
    public static WeightMapping read(Path file) {
        return of(YamlNode.read(file));
    }

    /** The mapping that a parsed file describes. */
    static WeightMapping of(YamlNode file) {
        List<Rule> rules = new ArrayList<>();
        file.get("tensors").entries().forEach((ours, theirs) -> rules.add(rule(ours, theirs)));
        Map<String, Map<String, String>> tables = new HashMap<>();
        file.find("translate").ifPresent(node -> node.entries().forEach((placeholder, table) -> {
            if (rules.stream().noneMatch(rule -> rule.placeholders().contains(placeholder))) {
                throw table.error("no name of ours under 'tensors' has {" + placeholder + "}");
            }
            Map<String, String> words = new HashMap<>();
            table.entries().forEach((ours, theirs) -> words.put(ours, theirs.text()));
            tables.put(placeholder, words);
        }));
        Set<String> ignored = new HashSet<>();
        file.find("ignore").ifPresent(node -> node.items().forEach(item -> ignored.add(item.text())));
        file.rejectUnknownKeys();
        return new WeightMapping(rules, tables, ignored);
    }

    private static Rule rule(String ours, YamlNode theirs) {
        String template = theirs.text();
        if (!OURS.matcher(ours).matches()) {
            throw theirs.error("not a name of ours (expected: placeholders like {n} or *)");
        }
        if (!THEIRS.matcher(template).matches()) {
            throw theirs.error(template + " (expected: a name, with placeholders like {n} or {n-1})");
        }
        Set<String> counted = new HashSet<>();
        PLACEHOLDER.matcher(template).results().filter(found -> found.group(2) != null)
            .forEach(found -> counted.add(found.group(1)));
        Set<String> placeholders = new HashSet<>();
        StringBuilder pattern = new StringBuilder();
        Matcher piece = PIECE.matcher(ours);
        while (piece.find()) {
            String placeholder = piece.group(1);
            if (placeholder == null) {
                pattern.append(piece.group().equals("*") ? "[^.]+" : Pattern.quote(piece.group()));
            } else if (placeholders.add(placeholder)) {
                String kind = counted.contains(placeholder) ? "\\d{1,6}" : "[^.]+";
                pattern.append("(?<").append(placeholder).append('>').append(kind).append(')');
            } else {
                throw theirs.error("{" + placeholder + "} twice in our name (expected: once)");
            }
        }
        PLACEHOLDER.matcher(template).results().map(found -> found.group(1)).filter(name -> !placeholders.contains(name))
            .findFirst().ifPresent(name -> {
                throw theirs.error(template + ": {" + name + "} (expected: a placeholder of our name)");
            });
        return new Rule(Pattern.compile(pattern.toString()), placeholders, template);
    }

    /** Their name of a tensor of ours: that of the first entry which fits. */
    public Optional<String> theirs(String ours) {
        for (Rule rule : rules) {
            Matcher fit = rule.ours().matcher(ours);
            if (fit.matches()) {
                return Optional.of(PLACEHOLDER.matcher(rule.theirs())
                    .replaceAll(found -> Matcher.quoteReplacement(value(found, fit.group(found.group(1))))));
            }
        }
        return Optional.empty();
    }

    private String value(MatchResult placeholder, String text) {
        if (placeholder.group(2) != null) {
            return Integer.toString(Integer.parseInt(text) + Integer.parseInt(placeholder.group(2)));
        }
        return tables.getOrDefault(placeholder.group(1), Map.of()).getOrDefault(text, text);
    }

    /** Whether a tensor of theirs is known to be of no use: the last part of its name is on the list. */
    public boolean ignores(String theirs) {
        return ignored.contains(theirs.substring(theirs.lastIndexOf('.') + 1));
    }
}
