package dev.lutra.space;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.network.Shape;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads search spaces from YAML; {@code docs/reference/spaces.md} describes the format. */
public final class SpaceFile {

    private static final double DEFAULT_EPSILON = 1e-5; // PyTorch's

    private final YamlNode file;
    private final Header header;
    /** Of those the build's tests have tried every option. */
    private final boolean isBuiltIn;

    private SpaceFile(String name, String text, boolean isBuiltIn) {
        YamlNode written = YamlNode.parse(name, text);
        Optional<YamlNode> base = written.find("extends");
        this.file = base.isPresent() ? written.without("extends").over(base(base.get())) : written;
        this.header = header(file, base.isPresent() ? text(file) : text);
        this.isBuiltIn = isBuiltIn;
    }

    /** Names of the built-in spaces, in alphabetical order. */
    public static List<String> builtIn() {
        return resource("index.txt").orElseThrow(() -> new IllegalStateException("the list of spaces is missing"))
            .lines().filter(line -> !line.isBlank()).sorted().toList();
    }

    /** Whether what names a space is the path of its file, and not the name of one that is built in. */
    public static boolean isFile(String nameOrPath) {
        return nameOrPath.endsWith(".yaml") || nameOrPath.endsWith(".yml");
    }

    /**
     * A built-in space by name, or the space of a YAML file by path.
     *
     * @throws InputException if there is neither, or the file is wrong
     */
    public static SearchSpace load(String nameOrPath) {
        if (isFile(nameOrPath)) {
            return parse(nameOrPath, InputFile.text(Path.of(nameOrPath), YamlNode.MOST_BYTES));
        }
        Optional<String> text = nameOrPath.matches("[a-z0-9-]+") ? resource(nameOrPath + ".yaml") : Optional.empty();
        if (text.isEmpty()) {
            String hint = Files.exists(Path.of(nameOrPath)) ? "a space file ends in .yaml; " : "";
            throw new InputException("space: " + nameOrPath + " (expected: " + hint + "a .yaml file or one of "
                + String.join(", ", builtIn()) + ")");
        }
        return new SpaceFile(nameOrPath + ".yaml", text.get(), true).read();
    }

    /**
     * The space that a text describes.
     *
     * @param file what to call the text in messages
     * @throws InputException if it is wrong
     */
    public static SearchSpace parse(String file, String text) {
        return new SpaceFile(file, text, false).read();
    }

    /**
     * The text of a space file that offers some options of a space and no others, every layer in a row of its own.
     *
     * @return empty if the space was not made from a file, or its options belong to nodes of cells, which files do not tell apart
     */
    public static Optional<String> with(Options options) {
        return options.space().definition().map(text -> YamlNode.parse(options.space().name(), text))
            .filter(file -> file.find("cells").isEmpty()).map(file -> ShrunkTable.write(file, options));
    }

    private static Optional<String> resource(String name) {
        try (InputStream stream = SpaceFile.class.getResourceAsStream(name)) {
            return stream == null ? Optional.empty() : Optional.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(name + ": cannot be read from the program itself", e);
        }
    }

    /** What a built-in space says, which another takes over where it says nothing itself. */
    private static YamlNode base(YamlNode name) {
        String text = name.text();
        return (builtIn().contains(text) ? resource(text + ".yaml") : Optional.<String>empty())
            .map(found -> YamlNode.parse(text + ".yaml", found))
            .map(base -> base.find("extends").map(further -> base.without("extends").over(base(further))).orElse(base))
            .orElseThrow(() -> name.error(text + " (expected: one of " + String.join(", ", builtIn()) + ")"));
    }

    /** A file that needs no other. */
    private static String text(YamlNode file) {
        Map<String, Object> written = new LinkedHashMap<>();
        file.entries().forEach((key, value) -> written.put(key, value.plain()));
        return YamlNode.text(written);
    }

    private SearchSpace read() {
        return file.find("cells").isPresent() ? cells() : stages();
    }

    private SearchSpace stages() {
        LayerTable table = new LayerTable(file);
        file.rejectUnknownKeys();
        try {
            return isBuiltIn ? StagedSpace.known(header, table.layers()) : followed(new StagedSpace(header, table.layers()));
        } catch (MisplacedLayerException e) {
            throw table.row(e.layer()).error(e.getMessage());
        }
    }

    private SearchSpace cells() {
        CellTable table = new CellTable(file);
        file.rejectUnknownKeys();
        try {
            return isBuiltIn
                ? CellSpace.known(header, table.cell(), table.layers(), table.bits())
                : followed(new CellSpace(header, table.cell(), table.layers(), table.bits()));
        } catch (MisplacedLayerException e) {
            throw table.row(e.layer()).error(e.getMessage());
        }
    }

    /** A space whose outputs follow its classes. */
    private static SearchSpace followed(SearchSpace space) {
        space.withClasses(space.classes() + 1);
        return space;
    }

    private static Header header(YamlNode file, String text) {
        YamlNode input = file.get("input");
        YamlNode batchNorm = file.find("batch-norm").orElse(YamlNode.EMPTY);
        ImageSize size = Header.imageSize(input.get("size"), 1);
        Header header = new Header(
            file.get("name").text(),
            file.get("title").text(),
            file.get("source").text(),
            Shape.image(input.get("channels").integer(1, Header.MOST_CHANNELS), size.height(), size.width()),
            file.get("classes").integer(1, Header.MOST_CLASSES),
            batchNorm.find("learned-in-supernet").map(YamlNode::flag).orElse(true),
            batchNorm.find("epsilon").map(node -> node.number(1e-12, 1)).orElse(DEFAULT_EPSILON),
            Optional.of(text));
        input.rejectUnknownKeys();
        batchNorm.rejectUnknownKeys();
        return header;
    }
}
