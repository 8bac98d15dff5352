package dev.lutra.yaml;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A place in a YAML file. Every reading method throws {@link InputException} with {@code file:line: key: found (expected: …)}
 * when the file does not hold what is asked for.
 */
public final class YamlNode {

    /** A mapping without keys, for a section that a file leaves out. */
    public static final YamlNode EMPTY = parse("", "{}");

    /** An underscore between two digits. */
    private static final Pattern DIGIT_GROUPS = Pattern.compile("(?<=\\d)_(?=\\d)");
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,8})?");
    private static final Pattern COUNT = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([kKMG]?)");
    /** How large a file may be. */
    public static final int MOST_BYTES = 1 << 26;
    private static final int MOST_DEPTH = 50;
    private static final int LINE_WIDTH = 140;
    /** A node stands once for every alias of it and of what it lies in. */
    private static final int MOST_NODES = 200_000;

    /** What all places of a file share. */
    private static final class Document {

        private final String file;
        private int nodes;

        Document(String file) {
            this.file = file;
        }
    }

    private final Document document;
    private final String key;
    private final int depth;
    private final Node node;
    private final Map<String, YamlNode> entries;
    private final Set<String> read = new HashSet<>();
    private List<YamlNode> items;

    /** This mapping with other entries. */
    private YamlNode(YamlNode other, Map<String, YamlNode> entries) {
        this.document = other.document;
        this.key = other.key;
        this.depth = other.depth;
        this.node = other.node;
        this.entries = entries;
    }

    private YamlNode(Document document, String key, int depth, Node node) {
        this.document = document;
        this.key = key;
        this.depth = depth;
        this.node = node;
        if (depth > MOST_DEPTH) {
            throw error("nested more than " + MOST_DEPTH + " levels deep (expected: less; does it contain itself?)");
        }
        if (++document.nodes > MOST_NODES) {
            throw error("more than " + MOST_NODES + " values, aliases written out (expected: fewer)");
        }
        this.entries = node instanceof MappingNode mapping ? entriesOf(mapping) : Map.of();
    }

    /**
     * Reads a file.
     *
     * @throws InputException if it is not there, cannot be read, is not YAML, or is larger than any such file has reason to be
     */
    public static YamlNode read(Path file) {
        return parse(file.toString(), InputFile.text(file, MOST_BYTES));
    }

    /**
     * Parses text.
     *
     * @param file what to call it in messages
     */
    public static YamlNode parse(String file, String text) {
        LoadSettings settings = LoadSettings.builder().setLabel(file).setAllowDuplicateKeys(false)
            .setCodePointLimit(MOST_BYTES).build();
        try {
            Node root = new Compose(settings).composeString(text)
                .orElseThrow(() -> new InputException(file + ": empty (expected: a YAML mapping)"));
            return new YamlNode(new Document(file), "", 0, root);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw new InputException(file + ":" + line + ": not YAML: " + e.getProblem(), e);
        } catch (ReaderException e) {
            long line = 1 + text.codePoints().limit(e.getPosition()).filter(c -> c == '\n').count();
            throw new InputException(file + ":" + line + ": not YAML: the character " + Character.toString(e.getCodePoint())
                + " (expected: visible ones)", e);
        } catch (YamlEngineException e) {
            throw new InputException(file + ": not YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
        } catch (StackOverflowError e) { // the parser sets no limit of its own
            throw new InputException(file + ": nested more than " + MOST_DEPTH + " levels deep (expected: less)", e);
        }
    }

    private Map<String, YamlNode> entriesOf(MappingNode mapping) {
        Map<String, YamlNode> found = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                throw error("a key that is not plain text (expected: key: value)");
            }
            if (name.getValue().equals("<<") && name.isPlain()) {
                throw new InputException(
                    at(document.file, name) + "a merge key << (expected: keys of their own; YAML 1.2 has no merging)");
            }
            String path = key.isEmpty() ? name.getValue() : key + "." + name.getValue();
            if (found.put(name.getValue(), new YamlNode(document, path, depth + 1, tuple.getValueNode())) != null) {
                throw new InputException(at(document.file, name) + path + ": given twice");
            }
        }
        return found;
    }

    /** An error about this place, as {@code file:line: key: problem}. */
    public InputException error(String problem) {
        return new InputException(at(document.file, node) + (key.isEmpty() ? "" : key + ": ") + problem);
    }

    private static String at(String file, Node node) {
        return file + node.getStartMark().map(mark -> ":" + (mark.getLine() + 1)).orElse("") + ": ";
    }

    public boolean isMapping() {
        return node instanceof MappingNode;
    }

    public boolean isList() {
        return node instanceof SequenceNode;
    }

    /** Whether this is {@code null} or nothing at all. */
    public boolean isNull() {
        return node.getTag().equals(Tag.NULL);
    }

    /** The value of a key that must be there. */
    public YamlNode get(String name) {
        return find(name).orElseThrow(() -> error("no '" + name + "' (expected: a key of that name)"));
    }

    /** The value of a key, if it is there. */
    public Optional<YamlNode> find(String name) {
        requireMapping();
        read.add(name);
        return Optional.ofNullable(entries.get(name));
    }

    /** All keys with their values, in file order. */
    public Map<String, YamlNode> entries() {
        requireMapping();
        read.addAll(entries.keySet());
        return entries;
    }

    /** The keys of this mapping and, of those that it lacks, the keys of another; every mistake is still told where it stands. */
    public YamlNode over(YamlNode base) {
        Map<String, YamlNode> both = new LinkedHashMap<>(base.entries());
        both.putAll(entries());
        return new YamlNode(this, both);
    }

    /** This mapping without a key. */
    public YamlNode without(String name) {
        Map<String, YamlNode> others = new LinkedHashMap<>(entries());
        others.remove(name);
        return new YamlNode(this, others);
    }

    private void requireMapping() {
        if (!isMapping()) {
            throw error(describe() + " (expected: key: value pairs)");
        }
    }

    /** Items of a list. */
    public List<YamlNode> items() {
        if (!(node instanceof SequenceNode sequence)) {
            throw error(describe() + " (expected: a list)");
        }
        if (items == null) {
            List<YamlNode> all = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                all.add(new YamlNode(document, key + "[" + all.size() + "]", depth + 1, item));
            }
            items = List.copyOf(all);
        }
        return items;
    }

    public String text() {
        if (!(node instanceof ScalarNode scalar)) {
            throw error(describe() + " (expected: text)");
        }
        return scalar.getValue();
    }

    /** The same as texts, numbers, lists and maps. */
    public Object plain() {
        if (isMapping()) {
            Map<Object, Object> values = new LinkedHashMap<>();
            entries().forEach((name, value) -> values.put(plain(name), value.plain()));
            return values;
        }
        if (isList()) {
            return items().stream().map(YamlNode::plain).toList();
        }
        return plain(text());
    }

    private static Object plain(String text) {
        if (!NUMBER.matcher(text).matches()) {
            return text;
        }
        return text.contains(".") ? new BigDecimal(text) : (Object) Long.valueOf(text);
    }

    /** A file of texts, numbers, lists and maps. */
    public static String text(Map<String, ?> values) {
        return new Dump(DumpSettings.builder().setWidth(LINE_WIDTH).build()).dumpToString(values);
    }

    /** A whole number of at least {@code least}. */
    public int integer(int least) {
        return Math.toIntExact(whole(least, Integer.MAX_VALUE));
    }

    /** A whole number within bounds, both included. */
    public int integer(int least, int most) {
        return Math.toIntExact(whole(least, most));
    }

    /** A whole number that may be negative or large. */
    public long whole(long least, long most) {
        try {
            long value = Long.parseLong(DIGIT_GROUPS.matcher(text()).replaceAll(""));
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below like a number out of range
        }
        String bound = most == Integer.MAX_VALUE || most == Long.MAX_VALUE ? "" : " and at most " + most;
        throw error(text() + " (expected: a whole number of at least " + least + bound + ")");
    }

    /** A number within bounds, both included. */
    public double number(double least, double most) {
        try {
            double value = Double.parseDouble(text());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below like a number out of range
        }
        throw error(text() + " (expected: a number from " + least + " to " + most + ")");
    }

    /** A positive count such as MACs or parameters: {@code 2500000}, {@code 2.5M}, {@code 1.2G}. */
    public long count() {
        return Math.round(shortened().orElseThrow(() -> error(text() + " (expected: a count such as 40M; suffixes: k, M, G)")));
    }

    /** What {@link #count} reads, before it is rounded; empty if the text is no such thing. */
    public Optional<Double> shortened() {
        Matcher matcher = COUNT.matcher(text().strip().replace("_", ""));
        return matcher.matches() ? Optional.of(Double.parseDouble(matcher.group(1)) * switch (matcher.group(2)) {
            case "k", "K" -> 1e3;
            case "M" -> 1e6;
            case "G" -> 1e9;
            default -> 1;
        }) : Optional.empty();
    }

    public boolean flag() {
        return switch (text()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw error(text() + " (expected: true or false)");
        };
    }

    /** One of an enum's constants, written in lower case with hyphens. */
    public <E extends Enum<E>> E oneOf(Class<E> type) {
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            String name = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (name.equals(text())) {
                return constant;
            }
            names.add(name);
        }
        throw error(text() + " (expected: one of " + String.join(", ", names) + ")");
    }

    /** Whether this mapping has a key that nothing has asked for yet. */
    public boolean hasUnread() {
        return !read.containsAll(entries.keySet());
    }

    /**
     * To be called when everything was read.
     *
     * @throws InputException if this mapping has a key that nothing asked for
     */
    public void rejectUnknownKeys() {
        for (Map.Entry<String, YamlNode> entry : entries.entrySet()) {
            if (!read.contains(entry.getKey())) {
                List<String> known = read.stream().sorted().toList();
                throw entry.getValue().error("unknown key (expected: one of " + String.join(", ", known) + ")");
            }
        }
    }

    private String describe() {
        return node instanceof ScalarNode scalar ? "'" + scalar.getValue() + "'" : isList() ? "a list" : "a mapping";
    }
}
