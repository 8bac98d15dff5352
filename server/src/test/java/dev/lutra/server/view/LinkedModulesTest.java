package dev.lutra.server.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkedModulesTest {

    @TempDir
    private Path folder;

    private static Process node(String... words) throws IOException {
        try {
            String[] command = new String[words.length + 1];
            command[0] = "node";
            System.arraycopy(words, 0, command, 1, words.length);
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeThat(false).as("node is not on the PATH").isTrue();
            throw e;
        }
    }

    /** The script as Node takes it, with a question to it at the end instead of the page's own. */
    @Test
    void modulesAreOneScriptThatDoesTheSame() throws Exception {
        String script = LinkedModules.script("pareto.js") + "const { unbeaten, order } = modules['pareto.js'];\n"
            + "console.log(unbeaten(order([3, 1, 2], false), [3, 1, 2], [9, 5, 4], true, [1, 1, 1]).join());\n";
        Path file = Files.writeString(folder.resolve("linked.mjs"), script);
        Process node = node(file.toString());
        assertThat(new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip()).isEqualTo("1,0");
        assertThat(node.waitFor()).isZero();
    }

    /** What a report runs: every module that it imports, the charts among them, in forms that a single file can hold. */
    @Test
    void theReportsScriptIsWhole() throws Exception {
        String script = LinkedModules.script("frozen.js");
        assertThat(script).contains("modules['echarts/echarts.esm.min.js']", "modules['explorer.js']").doesNotContain("</script");
        Path file = Files.writeString(folder.resolve("frozen.mjs"), script);
        Process node = node("--check", file.toString());
        assertThat(new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
        assertThat(node.waitFor()).isZero();
        Matcher used = Pattern.compile("= modules\\['([^']+)'];").matcher(script);
        while (used.find()) {
            assertThat(script.indexOf("modules['" + used.group(1) + "'] = await")).as(used.group(1)).isBetween(0, used.start());
        }
    }
}
