package dev.lutra.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.Header;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which network an exported file holds, as its metadata tells without any other file: the text of the space, image size and number
 * of outputs, the architecture, and a fingerprint that shows whether all of it still builds the same network.
 *
 * @param classNames in the order of the outputs; empty where the classes have no names
 */
public record ExportedNetwork(SearchSpace space, Architecture architecture, List<String> classNames) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * @throws IllegalArgumentException if there are names, but not one an output
     */
    public ExportedNetwork {
        classNames = List.copyOf(classNames);
        if (!classNames.isEmpty() && classNames.size() != space.classes()) {
            throw new IllegalArgumentException(classNames.size() + " class names (expected: " + space.classes() + ")");
        }
    }

    /** The metadata, by the keys of {@link OnnxMetadata}. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(OnnxMetadata.SPACE, space.name());
        space.definition().ifPresent(text -> metadata.put(OnnxMetadata.SPACE_DEFINITION, text));
        metadata.put(OnnxMetadata.IMAGE_SIZE, space.imageSize().toString());
        metadata.put(OnnxMetadata.OUTPUTS, Integer.toString(space.classes()));
        metadata.put(OnnxMetadata.ARCHITECTURE, architecture.toString());
        metadata.put(OnnxMetadata.NETWORK, space.build(architecture).fingerprint());
        if (!classNames.isEmpty()) {
            try {
                metadata.put(OnnxMetadata.CLASSES, JSON.writeValueAsString(classNames));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a list of texts always writes", e);
            }
        }
        return metadata;
    }

    /**
     * Reads a file's metadata.
     *
     * @throws InputException if the file does not say, or this program builds another network from it
     */
    public static ExportedNetwork read(Path file) {
        Map<String, String> metadata = OnnxFile.metadata(file);
        for (String key : List.of(OnnxMetadata.SPACE, OnnxMetadata.ARCHITECTURE)) {
            if (!metadata.containsKey(key)) {
                throw InputException.in(file, "no " + key + " in its metadata (expected: a file that Lutra exported)");
            }
        }
        String text = metadata.get(OnnxMetadata.SPACE_DEFINITION);
        if (text == null) {
            throw InputException.in(file, "no " + OnnxMetadata.SPACE_DEFINITION + " in its metadata, as an earlier version of Lutra "
                + "exported it (expected: lutra describe " + metadata.get(OnnxMetadata.SPACE) + " --arch "
                + metadata.get(OnnxMetadata.ARCHITECTURE) + ", with the space as it was then)");
        }
        SearchSpace space = SpaceFile.parse(file + ": " + OnnxMetadata.SPACE_DEFINITION, text)
            .withClasses(number(file, metadata, OnnxMetadata.OUTPUTS)).withImageSize(imageSize(file, metadata));
        Architecture architecture = space.parse(metadata.get(OnnxMetadata.ARCHITECTURE));
        String built = space.build(architecture).fingerprint();
        if (!built.equals(metadata.get(OnnxMetadata.NETWORK))) {
            throw InputException.in(file, "this version of Lutra builds another network from " + OnnxMetadata.SPACE_DEFINITION
                + " (expected: " + OnnxMetadata.NETWORK + " " + metadata.get(OnnxMetadata.NETWORK) + ", not " + built + ")");
        }
        List<String> names = classNames(file, metadata.get(OnnxMetadata.CLASSES));
        if (!names.isEmpty() && names.size() != space.classes()) {
            throw InputException.in(file, OnnxMetadata.CLASSES + ": " + names.size() + " names (expected: " + space.classes()
                + ", one an output)");
        }
        return new ExportedNetwork(space, architecture, names);
    }

    private static ImageSize imageSize(Path file, Map<String, String> metadata) {
        String text = metadata.getOrDefault(OnnxMetadata.IMAGE_SIZE, "missing");
        return ImageSize.parse(text, 1, Header.MOST_SIZE).orElseThrow(() -> InputException.in(file, OnnxMetadata.IMAGE_SIZE + ": " + text
            + " (expected: a number of pixels, or height x width)"));
    }

    private static int number(Path file, Map<String, String> metadata, String key) {
        String text = metadata.getOrDefault(key, "missing");
        if (!text.matches("[1-9]\\d{0,6}")) {
            throw InputException.in(file, key + ": " + text + " (expected: a number)");
        }
        return Integer.parseInt(text);
    }

    private static List<String> classNames(Path file, String json) {
        try {
            return json == null ? List.of() : List.of(JSON.readValue(json, String[].class));
        } catch (JsonProcessingException | NullPointerException e) { // null may stand in the array's place, and in it
            throw new InputException(file + ": " + OnnxMetadata.CLASSES + ": not a JSON array of names", e);
        }
    }
}
