package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.RandomWeights;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An exported file says which network it is, whatever has become of the files it was made from. */
class ExportedNetworkTest {

    private static final List<String> NAMES = List.of("10", "2", "a, b", "größe \"mittel\"");

    @TempDir
    Path folder;

    private SearchSpace space(int channels) throws IOException {
        return SpaceFile.load(Files.writeString(folder.resolve("mine.yaml"), """
            name: mine
            title: Mine
            source: Ours
            input: {channels: 3, size: 16}
            classes: 7
            choices:
              k3: {block: mb, kernel: 3, expand: 3}
              k5: {block: mb, kernel: 5, expand: 3}
            layers:
              - {choices: [k3, k5], channels: %d, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(channels)).toString());
    }

    private Path export(SearchSpace space, Architecture architecture, Map<String, String> metadata) {
        Path file = folder.resolve("winner.onnx");
        OnnxFile.write(file, OnnxExporter.export(space.build(architecture), new RandomWeights(1),
            new OnnxOptions(true, OptionalInt.empty(), metadata)));
        return file;
    }

    @Test
    void isReadFromTheFileAlone() throws IOException {
        SearchSpace space = space(16).withImageSize(24).withClasses(4);
        Architecture architecture = space.parse("k5,k3");
        Path file = export(space, architecture, new ExportedNetwork(space, architecture, NAMES).metadata());
        space(24); // the file of the space is another one now
        ExportedNetwork read = ExportedNetwork.read(file);
        assertThat(read.space().build(read.architecture()).fingerprint()).isEqualTo(space.build(architecture).fingerprint());
        assertThat(read.space().input()).isEqualTo(space.input());
        assertThat(read.classNames()).isEqualTo(NAMES);
        Files.delete(folder.resolve("mine.yaml"));
        assertThat(ExportedNetwork.read(file).architecture()).hasToString("k5,k3");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException {
        SearchSpace space = space(16);
        Architecture architecture = space.parse("k5,k3");
        Map<String, String> whole = new ExportedNetwork(space, architecture, List.of()).metadata();
        assertThat(whole).doesNotContainKey(OnnxMetadata.CLASSES);
        assertRefused(space, architecture, Map.of(), "no lutra.space in its metadata (expected: a file that Lutra exported)");
        assertRefused(space, architecture, Map.of(OnnxMetadata.SPACE, "mine.yaml", OnnxMetadata.ARCHITECTURE, "k5,k3"),
            "no lutra.space.definition in its metadata, as an earlier version of Lutra exported it (expected: lutra describe mine.yaml "
                + "--arch k5,k3, with the space as it was then)");
        assertRefused(space, architecture, with(whole, OnnxMetadata.OUTPUTS, "many"), "lutra.outputs: many (expected: a number)");
        assertRefused(space, architecture, with(whole, OnnxMetadata.CLASSES, "a,b"), "lutra.classes: not a JSON array of names");
        assertRefused(space, architecture, with(whole, OnnxMetadata.CLASSES, "[\"a\"]"), "lutra.classes: 1 names (expected: 7, one an output)");
        assertRefused(space, architecture, with(whole, OnnxMetadata.CLASSES, "[null]"), "lutra.classes: not a JSON array of names");
        assertRefused(space, architecture, with(whole, OnnxMetadata.SPACE_DEFINITION,
            whole.get(OnnxMetadata.SPACE_DEFINITION).replace("kernel: 5", "kernel: 7")),
            "this version of Lutra builds another network from lutra.space.definition (expected: lutra.network ");
    }

    private static Map<String, String> with(Map<String, String> metadata, String key, String value) {
        Map<String, String> changed = new HashMap<>(metadata);
        changed.put(key, value);
        return changed;
    }

    private void assertRefused(SearchSpace space, Architecture architecture, Map<String, String> metadata, String message) {
        Path file = export(space, architecture, metadata);
        assertThatThrownBy(() -> ExportedNetwork.read(file)).isInstanceOf(InputException.class).hasMessageStartingWith(file + ": " + message);
    }
}
