package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableSpaceTest {

    @TempDir
    private Path folder;

    private TableSpace space(String text) throws IOException {
        return TableSpace.load(Files.writeString(folder.resolve("bench.csv"), text));
    }

    private static List<List<String>> options(GeneSpace space) {
        return space.genes().stream().map(gene -> gene.options().stream().map(Gene.Option::name).toList()).toList();
    }

    @Test
    void digitsAreTheFilesOwnLabels() throws IOException {
        TableSpace space = space("arch,acc\n142,1\n121,2\n 442 ,3\n");
        assertThat(space.name()).isEqualTo("bench");
        assertThat(options(space)).containsExactly(List.of("1", "4"), List.of("2", "4"), List.of("1", "2"));
        assertThat(space.genes().get(0).options().get(1).index()).isEqualTo(4);
        assertThat(space.rows()).extracting(Architecture::toString).containsExactly("142", "121", "442");
        assertThat(space.size()).isEqualTo(3);
        assertThat(space.parse("442")).isEqualTo(space.architecture(new int[]{1, 1, 1}));
        assertThat(space.contains(space.architecture(new int[]{1, 0, 0}))).isFalse();
        assertThatThrownBy(() -> space.parse("421")).isInstanceOf(InputException.class).hasMessageEndingWith("bench.csv: no row for 421");
        assertThatThrownBy(() -> space.parse("14")).isInstanceOf(InputException.class).hasMessageEndingWith("no row for 14");
    }

    @Test
    void entriesBetweenCommasMayBeAnything() throws IOException {
        TableSpace space = space("x,arch\n0,\"10,k3\"\n0,\"9, k5\"\n0,\"10,skip\"\n");
        assertThat(options(space)).containsExactly(List.of("9", "10"), List.of("k3", "k5", "skip"));
        assertThat(space.parse("9,k5")).hasToString("9,k5");
        assertThat(space.parse(" 10 , skip")).isEqualTo(space.rows().get(2));
    }

    @Test
    void fingerprintsAreOfGenesNotOfRows() throws IOException {
        String one = space("arch\n12\n21\n").fingerprint();
        assertThat(space("arch\n21\n12\n11\n").fingerprint()).isEqualTo(one);
        assertThat(space("arch\n12\n23\n").fingerprint()).isNotEqualTo(one);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', value = {
        "a,b/1,2 | bench.csv:1: no column 'arch' (expected: one, of the architectures)",
        "arch,b | bench.csv: no rows (expected: one an architecture)",
        "arch/12/1 | bench.csv:3: arch: '1' (expected: 2 digits, one a gene)",
        "arch/12/1a | bench.csv:3: arch: '1a' (expected: 2 digits, one a gene)",
        "arch/\"1,2\"/12 | bench.csv:3: arch: '12' (expected: 2 entries, one a gene, comma-separated)",
        "arch/\"1,2\"/\"1,\" | bench.csv:3: arch: '1,' (expected: 2 entries, one a gene, comma-separated)"})
    void mistakesAreNamedWithFileAndLine(String text, String message) {
        assertThatThrownBy(() -> space(text.replace('/', '\n'))).isInstanceOf(InputException.class).hasMessageEndingWith(message);
    }
}
