package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.csv.Csv;
import dev.lutra.data.image.ImageDecoder;
import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Files and their classes as a list names them.
 *
 * @param several indices of the classes of every image in rising order, where one may show several; empty where each shows one
 */
record FileListing(Source.FileList source, List<String> classes, List<Entry> entries, List<int[]> several) implements FilesListing {

    private static final int MOST_BYTES = 1 << 28;
    /** So many files that are not there are named, the rest is counted. */
    private static final int MOST_NAMED = 100;
    /** In the place of the one class of an image that may show several. */
    private static final int NONE = -1;
    private static final String NUMBER = "\\d{1,6}";

    /** A line of the list. */
    private record Line(int number, String file, String label, Optional<String> group) {

        Line(int number, String file, String label) {
            this(number, file, label, Optional.empty());
        }

        /** One for each class in its cell. */
        List<Line> apart(String separator) {
            return Stream.of(label.split(Pattern.quote(separator))).map(String::strip).filter(part -> !part.isEmpty())
                .map(part -> new Line(number, file, part, group)).toList();
        }
    }

    /** What the labels of a list stand for. */
    private static final class Labels {

        private final Source.FileList source;
        private final ClassNames names;
        private final Optional<List<String>> classes;
        private final Set<String> all;

        Labels(Source.FileList source, Reading reading) {
            this.source = source;
            names = reading.names();
            classes = reading.classes();
            all = Set.copyOf(classes.orElse(List.of()));
        }

        /** The label itself, or of a number what the names of the classes say, or else the training images' order. */
        String className(Line line) {
            String label = line.label();
            Optional<Integer> number = label.matches(NUMBER) ? Optional.of(Integer.valueOf(label)) : Optional.empty();
            Optional<String> numbered = number.flatMap(names::of);
            if (classes.isEmpty()) {
                return numbered.orElse(label);
            }
            if (all.contains(label)) {
                return label;
            }
            if (number.isPresent() && !names.numbered().isEmpty()) {
                return numbered.filter(all::contains).orElseThrow(() -> error(source, line, "class " + label
                    + " (expected: the number of a class in data.classes that the training images have)"));
            }
            if (number.isPresent() && classes.get().stream().anyMatch(name -> name.matches(NUMBER))) {
                // an order that some lines count in would be another than that of the names
                throw error(source, line, "class " + label + " (expected: a class of the training images, some of which are called by numbers)");
            }
            return number.filter(index -> index < all.size()).map(classes.get()::get).orElseThrow(() -> error(source, line, "class "
                + label + " (expected: a class of the training images, or its number from 0 in their order)"));
        }
    }

    static boolean isList(Path path) {
        return List.of(".csv", ".tsv", ".txt").contains(ending(path));
    }

    private static String ending(Path path) {
        String name = path.getFileName() == null ? "" : path.getFileName().toString();
        return name.substring(Math.max(0, name.lastIndexOf('.'))).toLowerCase(Locale.ROOT);
    }

    static FileListing of(Source.FileList source, Reading reading) throws IOException {
        if (!Files.isDirectory(source.folder())) {
            throw InputException.in(source.folder(), "no such folder (expected: the folder of the files in " + source.list() + ")");
        }
        List<Line> lines = switch (ending(source.list())) {
            case ".csv" -> table(source, ',');
            case ".tsv" -> table(source, '\t');
            default -> plain(source, reading);
        };
        if (lines.isEmpty()) {
            throw InputException.in(source.list(), "no files (expected: at least one of each class)");
        }
        Labels known = new Labels(source, reading);
        List<List<String>> labels = lines.stream().map(line -> source.separator().map(line::apart).orElse(List.of(line)).stream()
            .map(known::className).distinct().toList()).toList();
        List<String> classes = reading.classes().orElseGet(() -> List.copyOf(labels.stream().flatMap(List::stream)
            .collect(Collectors.toCollection(TreeSet::new))));
        if (classes.size() < 2) {
            throw InputException.in(source.list(), (classes.isEmpty() ? "no class" : "one class, " + classes.get(0)) + " (expected: at least two)");
        }
        Map<String, Integer> indices = new HashMap<>();
        classes.forEach(name -> indices.put(name, indices.size()));
        List<int[]> numbers = labels.stream().map(each -> each.stream().mapToInt(indices::get).sorted().toArray()).toList();
        return new FileListing(source, classes, entries(source, lines, numbers), source.separator().isPresent() ? numbers : List.of());
    }

    @Override
    public boolean showsSeveral() {
        return source.separator().isPresent();
    }

    @Override
    public int[] labels(int image) {
        return showsSeveral() ? several.get(image) : new int[]{label(image)};
    }

    private static List<Entry> entries(Source.FileList source, List<Line> lines, List<int[]> labels) {
        Map<Path, Line> seen = new HashMap<>();
        List<Entry> entries = new ArrayList<>();
        SortedMap<Integer, String> problems = new TreeMap<>();
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            Path path = path(source, line);
            Line other = seen.put(path.normalize(), line);
            if (other != null) {
                throw error(source, line, line.file() + ": stands in line " + other.number() + " too (expected: every file once)");
            }
            int label = source.separator().isPresent() ? NONE : labels.get(i)[0];
            attributes(path, problem -> problems.put(line.number(), path + ": " + problem)).ifPresent(attributes -> entries
                .add(new Entry(line.file(), label, attributes.size(), attributes.lastModifiedTime().toMillis(),
                    line.group())));
        }
        requireAll(source, lines.size(), problems);
        return List.copyOf(entries);
    }

    /** Names all files at once that are not there, or many of them. */
    private static void requireAll(Source.FileList source, int lines, SortedMap<Integer, String> problems) {
        if (problems.size() == 1) {
            throw error(source, problems.firstKey(), problems.get(problems.firstKey()));
        }
        if (!problems.isEmpty()) {
            throw InputException.in(source.list(), problems.size() + " of " + lines + " files cannot be read: "
                + problems.entrySet().stream().limit(MOST_NAMED).map(problem -> "line " + problem.getKey() + ": " + problem.getValue())
                    .collect(Collectors.joining("; "))
                + (problems.size() > MOST_NAMED ? "; and " + (problems.size() - MOST_NAMED) + " more" : ""));
        }
    }

    private static Path path(Source.FileList source, Line line) {
        try {
            return source.folder().resolve(line.file());
        } catch (InvalidPathException e) {
            throw new InputException(source.list() + ":" + line.number() + ": '" + line.file() + "' (expected: the path of a file)", e);
        }
    }

    private static Optional<BasicFileAttributes> attributes(Path path, Consumer<String> problems) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isRegularFile()) {
                return Optional.of(attributes);
            }
            InputFile.problem(path).ifPresent(problems);
        } catch (NoSuchFileException e) {
            problems.accept("no such file");
        } catch (IOException e) {
            problems.accept("cannot be read: " + FileTrouble.reason(e) + " (expected: a file)");
        }
        return Optional.empty();
    }

    private static InputException error(Source.FileList source, Line line, String problem) {
        return error(source, line.number(), problem);
    }

    private static InputException error(Source.FileList source, int line, String problem) {
        return new InputException(source.list() + ":" + line + ": " + problem);
    }

    private static List<Line> table(Source.FileList source, char separator) {
        Csv csv = Csv.read(source.list(), separator);
        int file = column(csv, source.file());
        int label = column(csv, source.label());
        Optional<Integer> group = source.group().map(name -> column(csv, name));
        return csv.rows().stream().map(row -> new Line(row.line(), row.cells().get(file).strip(), row.cells().get(label).strip(),
            group.map(column -> row.cells().get(column).strip())))
            .map(line -> requireWhole(source, line)).toList();
    }

    private static int column(Csv csv, String name) {
        int column = csv.column(name);
        if (column < 0) {
            throw new InputException(csv.file() + ":1: no column " + name + " (expected: it among " + String.join(", ", csv.header()) + ")");
        }
        return column;
    }

    private static Line requireWhole(Source.FileList source, Line line) {
        boolean needsClass = source.separator().isEmpty();
        if (line.file().isEmpty() || needsClass && line.label().isEmpty() || line.group().filter(String::isEmpty).isPresent()) {
            throw error(source, line, line.group().isPresent()
                ? "an empty cell (expected: a file, its class and its group)"
                : "an empty cell (expected: a file and its class)");
        }
        return line;
    }

    /** Lines of a file and its class, or of classes alone. */
    private static List<Line> plain(Source.FileList source, Reading reading) throws IOException {
        source.group().ifPresent(group -> {
            throw InputException.in(source.list(), "no column " + group + " (expected: a table with a header, .csv or .tsv, to have groups)");
        });
        source.separator().ifPresent(separator -> {
            throw InputException.in(source.list(), "no cells for several classes (expected: a table with a header, .csv or .tsv)");
        });
        List<String> text = InputFile.text(source.list(), MOST_BYTES).lines().toList();
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < text.size(); i++) {
            String line = text.get(i).strip();
            if (!line.isEmpty()) {
                int space = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
                lines.add(new Line(i + 1, space < 0 ? "" : line.substring(0, space).strip(), line.substring(space + 1)));
            }
        }
        boolean classesAlone = !lines.isEmpty() && lines.get(0).file().isEmpty();
        for (Line line : lines) {
            if (line.file().isEmpty() != classesAlone) {
                throw error(source, line, "'" + (line.file() + " " + line.label()).strip() + "' (expected: "
                    + (classesAlone ? "a class alone" : "a file and its class") + ", as in the first line)");
            }
        }
        if (classesAlone && reading.names().numbered().isEmpty() && lines.stream().allMatch(line -> line.label().matches(NUMBER))) {
            throw InputException.in(source.list(), "numbers alone, which do not say whose order they count in (expected: names of classes, or "
                + "data.classes with the number of each, as map_clsloc.txt of ImageNet's development kit)");
        }
        return classesAlone ? withFiles(source, lines) : lines;
    }

    private static List<Line> withFiles(Source.FileList source, List<Line> classes) throws IOException {
        List<String> files;
        try (Stream<Path> children = Files.list(source.folder())) {
            files = children.map(file -> file.getFileName().toString()).filter(name -> !name.startsWith(".") && ImageDecoder.isImage(name))
                .sorted().toList();
        }
        if (files.size() != classes.size()) {
            throw InputException.in(source.list(), classes.size() + " classes (expected: " + files.size() + ", one for each image in "
                + source.folder() + ")");
        }
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            lines.add(new Line(classes.get(i).number(), files.get(i), classes.get(i).label()));
        }
        return lines;
    }

    @Override
    public Path folder() {
        return source.folder();
    }

    @Override
    public String describeClass(int label) {
        return source + ", class " + classes.get(label);
    }
}
