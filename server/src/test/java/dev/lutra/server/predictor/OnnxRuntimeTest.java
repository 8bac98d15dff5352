package dev.lutra.server.predictor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {

    private static final int TOO_LONG = 4_200;

    @TempDir
    private Path folder;

    /** Opens ONNX Runtime, and once more if that is refused. */
    static final class Opening {

        private Opening() {}

        public static void main(String[] arguments) {
            try {
                System.out.println(OnnxRuntime.environment());
            } catch (InputException e) {
                System.out.println("first: " + e.getMessage());
                OnnxRuntime.environment();
            }
        }
    }

    private String opened(int bytes, int expectedStatus) throws IOException, InterruptedException {
        Path said = folder.resolve("said" + bytes);
        ProcessBuilder java = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + folder.resolve("crash"), Opening.class.getName(),
            "x".repeat(bytes))).redirectErrorStream(true).redirectOutput(said.toFile());
        java.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        int status = java.start().waitFor();
        String text = Files.readString(said);
        assertThat(status).as(text).isEqualTo(expectedStatus);
        return text;
    }

    @Test
    void aLongCommandLineIsRefusedBeforeTheRuntimeCrashes() throws Exception {
        assertThat(opened(TOO_LONG, 1)).contains("first: this command line has ", "InputException: this command line has ",
            "expected: at most 3900");
        opened(100, 0);
    }
}
