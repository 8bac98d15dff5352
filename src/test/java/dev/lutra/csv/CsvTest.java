package dev.lutra.csv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {

    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("x.csv"), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a", "a\"", "\"", "a,b", "a\nb", "a\r\nb", "", " a ", "#a", "ä😀"})
    void whatIsWrittenReadsBack(String cell) throws IOException {
        List<String> cells = List.of("x", cell, cell);
        assertThat(Csv.read(file(Csv.line(List.of("one", "two", "three")) + Csv.line(cells))).rows())
            .containsExactly(new Csv.Row(2, cells));
    }

    @Test
    void aQuoteAtTheBeginningOfACellStays() throws IOException {
        assertThat(Csv.read(file("a\n\"\"\"a\"\n")).rows().get(0).cells()).containsExactly("\"a");
    }

    @Test
    void aHeaderThatBeginsAsAMarkOfTheEncodingDoesIsStillAHeader() throws IOException {
        assertThat(Csv.read(file(Csv.line(List.of("\uFEFF")) + Csv.line(List.of("1")))))
            .isEqualTo(new Csv(folder.resolve("x.csv"), List.of("\uFEFF"), List.of(new Csv.Row(2, List.of("1")))));
    }

    @Test
    void aRowOfOneEmptyCellIsARow() throws IOException {
        assertThat(Csv.read(file(Csv.line(List.of("a")) + Csv.line(List.of("")))).rows())
            .containsExactly(new Csv.Row(2, List.of("")));
    }

    @Test
    void linesAreThoseOfTheFile() throws IOException {
        Csv csv = Csv.read(file("\uFEFFa,b\r\n\r\n\"1\n2\",3\r4,5"));
        assertThat(csv.header()).containsExactly("a", "b");
        assertThat(csv.rows()).containsExactly(new Csv.Row(3, List.of("1\n2", "3")), new Csv.Row(5, List.of("4", "5")));
    }

    @Test
    void aLineWithoutEndIsRefused() throws IOException {
        Path wide = file("a\n" + ",".repeat(3_000_000));
        assertThatThrownBy(() -> Csv.read(wide)).isInstanceOf(InputException.class)
            .hasMessage(wide + ":2: more than 10000 cells (expected: one row a line)");
        Path open = file("a\n\"" + "x".repeat(3_000_000) + "\n");
        assertThatThrownBy(() -> Csv.read(open)).isInstanceOf(InputException.class)
            .hasMessage(open + ":2: a cell of more than 1048576 characters (is a quote not closed?)");
        assertThat(Csv.read(file("a\n" + "x\n".repeat(1_500_000))).rows()).hasSize(1_500_000);
    }

    @Test
    void otherEncodingsAreNamed() throws IOException {
        Path file = folder.resolve("x.csv");
        Files.write(file, "a\nb\nö".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Csv.read(file)).hasMessage(file + ":3: not UTF-8 (expected: text in UTF-8)");
        Files.write(file, "a\nb".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> Csv.read(file)).hasMessage(file + ": text in UTF-16 (expected: UTF-8)");
    }
}
