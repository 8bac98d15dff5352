package dev.lutra.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MainTest {

    /** Whatever ends a command, people see one line and the exit code says whose fault it was. */
    @Test
    void errorsAreOneLineToo() {
        assertThat(said(() -> Main.failed(new OutOfMemoryError("Java heap space"))))
            .startsWith("1 lutra: OutOfMemoryError: Java heap space; LUTRA_JAVA_OPTS=-Xmx8g").hasLineCount(1);
        assertThat(said(() -> Main.failed(new StackOverflowError()))).startsWith("1 lutra: StackOverflowError: no message")
            .hasLineCount(1);
        assertThat(said(() -> Main.failed(new UncheckedIOException("x.pixels: cannot be written: No space left on device", new IOException()))))
            .startsWith("1 lutra: x.pixels: cannot be written: No space left on device").hasLineCount(1);
        assertThat(said(() -> Main.failed(new AccessDeniedException("runs/x")))).startsWith("1 lutra: runs/x: permission denied").hasLineCount(1);
        assertThat(said(() -> Main.failed(new UncheckedIOException(new NoSuchFileException("runs/x"))))).startsWith("1 lutra: runs/x: no such file");
        assertThat(said(() -> Main.failed(new InputException("x.yaml:1: 'wrong\nand \u001b[31mred'"))))
            .isEqualTo("2 lutra: x.yaml:1: 'wrong\\u{a}and \\u{1b}[31mred'\n");
    }

    /** Not every input has lines, or an end. */
    @Test
    @Timeout(20)
    void aLineWithoutAnEndIsRefused() {
        InputStream before = System.in;
        System.setIn(new InputStream() {
            @Override
            public int read() {
                return 'k';
            }
        });
        try {
            assertThat(said(() -> Main.run("describe", "shufflenetv2-cifar", "--arch", "-")))
                .isEqualTo("2 lutra: standard input: line 1: more than 1048576 characters (expected: an architecture)\n");
        } finally {
            System.setIn(before);
        }
    }

    private static String said(IntSupplier command) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            return command.getAsInt() + " " + said.toString(StandardCharsets.UTF_8);
        } finally {
            System.setErr(before);
        }
    }
}
