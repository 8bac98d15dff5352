package dev.lutra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The system's Python, an oracle where its packages are installed. */
public final class DebianPython {

    private static final Path INTERPRETER = Path.of("/usr/bin/python3");

    private DebianPython() {}

    /** Skips the calling test unless there is Python and every module can be imported, saying which Debian package has it. */
    public static void require(String... modules) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(INTERPRETER), "no " + INTERPRETER + ": install the Debian package python3");
        for (String module : modules) {
            boolean found = new ProcessBuilder(INTERPRETER.toString(), "-c", "import " + module)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
            assumeTrue(found, INTERPRETER + " cannot import " + module + ": install the Debian package python3-"
                + (module.equals("cv2") ? "opencv" : module.toLowerCase(Locale.ROOT)));
        }
    }

    /** The text of a script that lies beside a class. */
    public static String script(Class<?> beside, String name) throws IOException {
        try (InputStream in = beside.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Runs a script, given as text, and gives what it prints; fails the calling test if the script fails. */
    public static String run(String script, Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(INTERPRETER.toString(), "-c", script));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        Path errors = Files.createTempFile("python", ".err");
        try {
            Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
            return printed;
        } finally {
            Files.delete(errors);
        }
    }

    /** What a script printed, a row a line and a cell a tab. */
    public static List<String[]> rows(String printed) {
        return printed.lines().map(line -> line.split("\t", -1)).toList();
    }
}
