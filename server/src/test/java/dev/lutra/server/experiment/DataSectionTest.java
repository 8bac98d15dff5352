package dev.lutra.server.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.DataSpec;
import dev.lutra.data.source.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an experiment file may say of images. */
class DataSectionTest {

    @TempDir
    private Path folder;

    private Experiment.DataSource read(String data) throws IOException {
        Path file = Files.writeString(folder.resolve("experiment.yaml"), "name: images\nspace: shufflenetv2-cifar\ndata: " + data + "\n");
        return ExperimentFile.read(file).data().orElseThrow();
    }

    @Test
    void sourcesHaveTextsOrAreLists() throws IOException {
        Experiment.DataSource data = read("{train: train.csv, validation: {list: lists/val.txt, folder: val}, "
            + "test: {list: test.tsv, file: image, label: class}, classes: names.txt, cache: pixels}");
        assertThat(data.train()).isEqualTo(new Source.FileList(folder.resolve("train.csv"), folder, "file", "label"));
        assertThat(data.validation()).contains(new Source.FileList(folder.resolve("lists/val.txt"), folder.resolve("val"), "file", "label"));
        assertThat(data.test()).contains(new Source.FileList(folder.resolve("test.tsv"), folder, "image", "class"));
        assertThat(data.care()).isEqualTo(new DataSpec.Care(0, 0, Optional.of(folder.resolve("names.txt"))));
        assertThat(data.cache()).contains(folder.resolve("pixels"));
        assertThat(((Source.FileList) read("{train: {list: train.csv, group: patient}}").train()).group()).contains("patient");
        Experiment.DataSource several = read("{train: {list: train.csv, separator: '|'}}");
        assertThat(((Source.FileList) several.train()).separator()).contains("|");
        assertThat(several.showsSeveral()).isTrue();
        assertThat(data.showsSeveral()).isFalse();
        assertThat(read("{train: synthetic}").care()).isEqualTo(DataSpec.Care.NONE);
    }

    @ParameterizedTest
    @CsvSource({"0.1 %, 0.001", "2.5%, 0.025", "0.02, 0.02", "0, 0"})
    void corruptImagesAreAShare(String text, double share) throws IOException {
        assertThat(read("{train: photos, corrupt: " + text + ", balance: 0.5}").care())
            .isEqualTo(new DataSpec.Care(share, 0.5, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{train: photos, corrupt: 60 %} | data.corrupt: 60 % (expected: at most 50 %)",
        "{train: photos, corrupt: few} | data.corrupt: few (expected: a number",
        "{train: photos, balance: 2} | data.balance: 2 (expected: ",
        "{train: {list: a.csv, separator: ''}} | data.train.separator: '' (expected: what stands between",
        "{train: {folder: val}} | data.train: no 'list' (expected: a key of that name)",
        "{train: {list: val.txt, column: image}} | data.train.column: unknown key",
        "{train: ' '} | data.train: ' ': not a source of images"})
    void mistakesAreNamedWithFileLineAndKey(String data, String message) {
        assertThatThrownBy(() -> read(data)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(folder.resolve("experiment.yaml") + ":3: " + message);
    }
}
