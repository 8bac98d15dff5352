package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is read while others write it, whatever they do to it. */
class EventLinesTest {

    @TempDir
    private Path folder;
    private Path file;
    private EventLines lines;

    @BeforeEach
    void read() throws IOException {
        file = folder.resolve("metrics.jsonl");
        Files.writeString(file, "{\"a\":1}\n{\"b\":2}\n");
        lines = new EventLines(file);
        isAnew(lines, "{\"a\":1}", "{\"b\":2}");
    }

    private void append(String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.APPEND);
    }

    private static void isAnew(EventLines read, String... all) {
        assertThat(read.next()).isEqualTo(new EventLines.News(true, List.of(all).stream().map(EventLines.Line::new).toList()));
    }

    private static void goesOn(EventLines read, String... more) {
        assertThat(read.next()).isEqualTo(new EventLines.News(false, List.of(more).stream().map(EventLines.Line::new).toList()));
    }

    @Test
    void whatIsAppendedComesAlone() throws IOException {
        goesOn(lines);
        append("{\"c\":3}\n{\"d\":");
        goesOn(lines, "{\"c\":3}");
        goesOn(lines);
        String place = lines.position();
        append("4}\n");
        goesOn(lines, "{\"d\":4}");
        goesOn(EventLines.from(file, place), "{\"d\":4}");
        isAnew(EventLines.from(file, "nonsense"), "{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}");
    }

    /** However long a line is, of which files are read in pieces. */
    @Test
    void linesMayBeLong() throws IOException {
        String line = "{\"c\":\"" + "x".repeat(200_000) + "\"}";
        append(line + "\n");
        goesOn(lines, line);
        goesOn(lines);
        Files.writeString(file, Files.readString(file).replaceFirst("x", "y"));
        isAnew(lines, "{\"a\":1}", "{\"b\":2}", line.replaceFirst("x", "y"));
    }

    @Test
    void aFileThatTakesItsPlaceIsReadAnew() {
        String place = lines.position();
        AtomicFile.write(file, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
        isAnew(lines, "{\"a\":1}", "{\"b\":2}", "{\"c\":3}");
        isAnew(EventLines.from(file, place), "{\"a\":1}", "{\"b\":2}", "{\"c\":3}");
        goesOn(lines);
    }

    @Test
    void oneThatIsShorterIsReadAnew() throws IOException {
        Files.writeString(file, "{\"c\":3}\n");
        isAnew(lines, "{\"c\":3}");
        goesOn(lines);
    }

    /** Who looks seldom finds it longer again. */
    @Test
    void oneThatIsWrittenAnewAndGrowsIsReadAnew() throws IOException {
        String place = lines.position();
        Files.writeString(file, "{\"x\":1}\n{\"y\":2}\n");
        isAnew(lines, "{\"x\":1}", "{\"y\":2}");
        append("{\"z\":3}\n");
        goesOn(lines, "{\"z\":3}");
        isAnew(EventLines.from(file, place), "{\"x\":1}", "{\"y\":2}", "{\"z\":3}");
        isAnew(EventLines.from(file, place.replaceFirst("\\.\\d+\\.", ".999999999999999.")), "{\"x\":1}", "{\"y\":2}", "{\"z\":3}");
    }
}
