package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Runs the unit tests of the pages' modules, src/test/js, by Node's own test runner, where Node is. */
class PageModulesTest {

    private static final Path TESTS = Path.of("src/test/js");
    /** From these on Node takes a .js file with imports for a module. */
    private static final Pattern VERSION = Pattern.compile("v(\\d+)\\.(\\d+).*");
    private static final long LONGEST_SECONDS = 120;

    @TempDir
    private Path folder;

    @TestFactory
    List<DynamicTest> nodesTestsPass() throws Exception {
        String version = version();
        assumeTrue(readsModules(version), "node 20.19, 22.7 or later is not on the PATH" + (version.isEmpty() ? "" : ": " + version)
            + "; the pages' modules are not tested");
        try (Stream<Path> files = Files.list(TESTS)) {
            return files.filter(file -> file.toString().endsWith(".test.mjs")).sorted()
                .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> passes(file))).toList();
        }
    }

    private void passes(Path file) throws Exception {
        Path printed = folder.resolve(file.getFileName() + ".tap");
        ProcessBuilder builder = new ProcessBuilder("node", "--test", "--test-reporter=tap", file.toString())
            .redirectErrorStream(true).redirectOutput(printed.toFile());
        // what pages get from the server
        builder.environment().put("LUTRA_TASK_LIMITS", Files.write(folder.resolve("task-limits.json"), Limits.json()).toString());
        Process node = builder.start();
        boolean ended = node.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS);
        node.destroyForcibly();
        String tap = Files.readString(printed);
        assertThat(ended).as("%s ends: %s", file, tap).isTrue();
        assertThat(node.exitValue()).as(tap).isZero();
        assertThat(tap).as("something was tested").containsPattern("(?m)^# pass [1-9]");
    }

    private static String version() throws InterruptedException {
        try {
            Process node = new ProcessBuilder("node", "--version").redirectErrorStream(true).start();
            String version = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            node.waitFor();
            return version;
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean readsModules(String version) {
        Matcher parts = VERSION.matcher(version);
        if (!parts.matches()) {
            return false;
        }
        int major = Integer.parseInt(parts.group(1));
        int minor = Integer.parseInt(parts.group(2));
        return major == 20 ? minor >= 19 : major > 22 || major == 22 && minor >= 7;
    }
}
