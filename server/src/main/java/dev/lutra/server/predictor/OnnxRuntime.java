package dev.lutra.server.predictor;

import ai.onnxruntime.OrtEnvironment;
import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** ONNX Runtime in this process. */
final class OnnxRuntime {

    /**
     * ONNX Runtime 1.29 for Linux reads the command line of its process when it starts, and may take the JVM with it (SIGSEGV) where that
     * has more than 3,980 bytes.
     */
    static final int LONGEST_COMMAND_LINE = 3_900;

    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    /** Why it would crash here, if it would; looked for once, since a process keeps its command line. */
    private static final Optional<String> TROUBLE = trouble();

    private OnnxRuntime() {}

    /**
     * The environment that models are opened in.
     *
     * @throws InputException if it would crash here
     */
    static OrtEnvironment environment() {
        TROUBLE.ifPresent(trouble -> {
            throw new InputException(trouble);
        });
        return OrtEnvironment.getEnvironment();
    }

    /** A system that does not tell is another one. */
    private static Optional<String> trouble() {
        try {
            int bytes = Files.exists(COMMAND_LINE) ? Files.readAllBytes(COMMAND_LINE).length : 0;
            return bytes <= LONGEST_COMMAND_LINE
                ? Optional.empty()
                : Optional.of("this command line has " + bytes + " bytes (expected: at most " + LONGEST_COMMAND_LINE
                    + ", its class path among them; ONNX Runtime may crash with longer ones: give fewer arguments, and the class path by CLASSPATH)");
        } catch (IOException e) { // nobody knows, and most are short
            return Optional.empty();
        }
    }
}
