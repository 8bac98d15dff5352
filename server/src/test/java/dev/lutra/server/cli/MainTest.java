package dev.lutra.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

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
        assertThat(said(() -> Main.failed(new InputException("x.yaml:1: 'wrong\nand \u001b[31mred'"))))
            .isEqualTo("2 lutra: x.yaml:1: 'wrong\\u{a}and \\u{1b}[31mred'\n");
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
