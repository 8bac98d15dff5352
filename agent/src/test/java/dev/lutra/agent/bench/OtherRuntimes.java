package dev.lutra.agent.bench;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests of other runtimes need: Debian's python3-opencv, and onnxruntime-node from npm in a folder that a variable names. */
public final class OtherRuntimes {

    private static final String NODE_MODULES = "LUTRA_TEST_NODE_MODULES";

    private OtherRuntimes() {}

    public static void assumeOpenCv() throws IOException, InterruptedException {
        Process python = new ProcessBuilder("/usr/bin/python3", "-c", "import cv2").redirectErrorStream(true).start();
        python.getInputStream().readAllBytes();
        assumeThat(python.waitFor()).as("python3-opencv (apt-get install python3-opencv)").isZero();
    }

    /** The folder {@code node_modules}. */
    public static Path assumeNodeModules() {
        String folder = System.getenv(NODE_MODULES);
        assumeThat(folder != null && Files.isDirectory(Path.of(folder, "onnxruntime-node")))
            .as("onnxruntime-node (npm install --ignore-scripts onnxruntime-node, and " + NODE_MODULES + " names node_modules)").isTrue();
        return Path.of(folder);
    }
}
