package dev.lutra.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody may have a server read and run by an experiment file. */
class AllowanceTest {

    private static final String HEAD = "name: theirs\nspace: shufflenetv2-cifar\n";
    private static final String DATA = "data: {train: synthetic}\n";

    @TempDir
    private Path folder;
    private Path open;

    @BeforeEach
    void open() throws IOException {
        open = Files.createDirectory(folder.resolve("open"));
    }

    private Allowance allowance() {
        return new Allowance(List.of(open), false);
    }

    /** Wherever a file can name another. */
    @ParameterizedTest
    @ValueSource(strings = {
        "name: theirs\nspace: FILE.yaml\n" + DATA,
        "name: theirs\nspace: {table: FILE.csv}\n",
        HEAD + "data: {train: FILE}\n",
        HEAD + "data: {train: 'cifar10:FILE'}\n",
        HEAD + "data: {train: FILE.csv}\n",
        HEAD + "data: {train: {list: FILE.txt, folder: OPEN}}\n",
        HEAD + "data: {train: {list: OPEN/list.txt, folder: FILE}}\n",
        HEAD + "data: {train: synthetic, validation: FILE}\n",
        HEAD + "data: {train: synthetic, test: FILE}\n",
        HEAD + "data: {train: synthetic, classes: FILE}\n",
        HEAD + "accuracy: {table: FILE.csv}\n",
        HEAD + "accuracy: {onnx: FILE, encoding: one-hot}\n",
        HEAD + DATA + "supernet: {from: FILE}\n",
        HEAD + DATA + "supernet: {from: FILE, replace-head: true}\n",
        HEAD + DATA + "supernet: {teacher: FILE, sampling: block-wise}\n",
        HEAD + DATA + "retrain: {weights: FILE}\n",
        HEAD + DATA + "retrain: {weights: FILE, replace-head: true}\n",
        HEAD + DATA + "retrain: {distillation: {from: FILE}}\n",
        HEAD + DATA + "retrain: {space: FILE.yml}\n",
        HEAD + DATA + "rank: {table: FILE.csv}\n",
        HEAD + DATA + "profile: {table: FILE}\n",
        HEAD + DATA + "targets: [{device: box, table: FILE}]\n",
        HEAD + DATA + "export: {head: FILE}\n",
        HEAD + DATA + "export: {deploy: {detector: {features: [8], head: FILE}}}\n"})
    void filesAreNamedInOpenFoldersAlone(String experiment) throws IOException {
        String text = experiment.replace("OPEN", open.toString());
        assertThatCode(() -> allowance().read(text.replace("FILE", open.resolve("inside").toString()))).doesNotThrowAnyException();
        assertThatThrownBy(() -> allowance().read(text.replace("FILE", "beside/it"))).isInstanceOf(InputException.class)
            .hasMessageContaining("beside/it").hasMessageContaining("relative to the file, which is elsewhere (expected: an absolute path")
            .message().startsWith("experiment.yaml: ").doesNotContain("\n");
        Path link = Files.createSymbolicLink(open.resolve("link"), Files.createDirectory(folder.resolve("closed")));
        for (Path outside : List.of(Path.of("/etc/passwd"), open.resolve("../closed"), Path.of(open + "-not"), link.resolve("passwd"))) {
            assertThatThrownBy(() -> allowance().read(text.replace("FILE", outside.toString()))).as("%s", outside)
                .isInstanceOf(InputException.class).hasMessageContaining("not open to experiments (expected: a path within " + open + ")");
        }
    }

    @Test
    void aPathOutOfTheFoldersByDotsIsRelativeToo() {
        assertThatThrownBy(() -> allowance().read(HEAD + "data: {train: ../../../etc}\n")).hasMessageContaining("relative to the file");
    }

    @Test
    void withoutOpenFoldersItIsSaidHowToOpenOne() {
        assertThatThrownBy(() -> new Allowance(List.of(), false).read(HEAD + "data: {train: /data/images}\n"))
            .hasMessage("experiment.yaml: /data/images: not open to experiments (expected: a path; none is open to experiments: "
                + "'lutra serve --allow-data FOLDER' opens one)");
    }

    @Test
    void commandsAreTheOwnersToAllow() {
        String text = HEAD + DATA + "accuracy: {command: /bin/true}\n";
        assertThatThrownBy(() -> allowance().read(text)).isInstanceOf(InputException.class)
            .hasMessage("experiment.yaml: accuracy.command: runs a program on the server (expected: no such key, or 'lutra serve "
                + "--allow-commands')");
        assertThat(new Allowance(List.of(), true).read(text).command()).isPresent();
    }

    /** Whatever a setting is called: some of Spark's name programs, libraries and classes. */
    @ParameterizedTest
    @ValueSource(strings = {"'local[2]'", "'spark://elsewhere:7077'", "{master: 'local[2]', settings: {spark.executor.memory: 4g}}",
        "{master: 'spark://elsewhere:7077', settings: {spark.worker.resource.gpu.discoveryScript: /tmp/theirs}}"})
    void aClusterIsTheOwnersToAllowToo(String spark) {
        String text = HEAD + DATA + "compute: {spark: " + spark + "}\n";
        assertThatThrownBy(() -> allowance().read(text)).isInstanceOf(InputException.class)
            .hasMessage("experiment.yaml: compute.spark: Spark runs what its settings name on the server (expected: no such key, or 'lutra serve "
                + "--allow-commands')");
        assertThat(new Allowance(List.of(), true).read(text).spark()).isPresent();
    }

    @Test
    void nothingIsWrittenWhereAnExperimentSays() {
        assertThatThrownBy(() -> allowance().read(HEAD + "data: {train: synthetic, cache: " + open + "}\n"))
            .hasMessageStartingWith("experiment.yaml: data.cache: ");
    }

    @Test
    void thisMachineIsNoDeviceOfTheFleet() {
        assertThatThrownBy(() -> allowance().read(HEAD + DATA + "targets: [{device: local}]\n"))
            .hasMessage("targets: device local (expected: a device of the fleet, since a server is named)");
    }

    @Test
    void whatIsWrongInAFileIsToldAsRunTellsIt() {
        assertThatThrownBy(() -> allowance().read(HEAD + DATA + "epochs: 3\n")).isInstanceOf(InputException.class)
            .message().startsWith("experiment.yaml:4").contains("epochs");
    }
}
