package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The system's Python, an oracle where its packages are installed. */
final class DebianPython {

    private static final Path INTERPRETER = Path.of("/usr/bin/python3");

    private DebianPython() {}

    /** Skips the test unless a module can be imported, saying which Debian package has it. */
    static void require(String module, String debianPackage) throws IOException, InterruptedException {
        boolean found = Files.isExecutable(INTERPRETER)
            && new ProcessBuilder(INTERPRETER.toString(), "-c", "import " + module)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        assumeTrue(found, INTERPRETER + " cannot import " + module + ": install the Debian package " + debianPackage);
    }

    /** Runs a script that lies beside this class and returns its output, a row a line and a cell a tab. */
    static List<String[]> run(String script, List<String> arguments, Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve(script);
        try (var in = DebianPython.class.getResourceAsStream(script)) {
            Files.copy(in, file);
        }
        List<String> command = new ArrayList<>(List.of(INTERPRETER.toString(), file.toString()));
        command.addAll(arguments);
        Path errors = folder.resolve(script + ".err");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(() -> read(errors)).isZero();
        return output.lines().map(line -> line.split("\t", -1)).toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
