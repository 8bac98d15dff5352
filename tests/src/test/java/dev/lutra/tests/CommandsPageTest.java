package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.cli.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** What the program says of its commands, on a page and to a shell. */
class CommandsPageTest {

    private static final Path PAGE = LutraProcess.CHECKOUT.resolve("docs/reference/commands.md");
    /** Set, this test writes the page. */
    private static final String WRITE = "LUTRA_WRITE_PAGES";
    private static final int WIDTH = 120;

    @TempDir
    private Path folder;

    @Test
    void thePageIsWhatHelpSays() throws IOException {
        StringBuilder page = new StringBuilder(
            """
                # Commands

                *For whoever wants to know what a command takes.*

                What `--help` of each says, written by a test (`LUTRA_WRITE_PAGES=yes` in its environment). With `--json` standard output holds one JSON document and nothing else; exit
                code 0 is success, 2 wrong usage or input, 1 a failure.
                """);
        describe(Main.commandLine(), "", page);
        describe(dev.lutra.agent.Main.commandLine(), "", page);
        if (System.getenv(WRITE) != null) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE)).as("docs/reference/commands.md; with %s=yes this test writes it", WRITE).isEqualTo(page.toString());
    }

    private static void describe(CommandLine command, String before, StringBuilder page) {
        String name = (before + " " + command.getCommandName()).strip();
        if (!command.getCommandName().equals("help")) {
            command.setUsageHelpWidth(WIDTH);
            page.append("\n## `").append(name).append("`\n\n```\n")
                .append(command.getUsageMessage(Ansi.OFF).replaceAll("[ \\t]+\\n", "\n").stripTrailing())
                .append("\n```\n");
            command.getSubcommands().values().stream().distinct().forEach(sub -> describe(sub, name, page));
        }
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        Path script = Files.writeString(folder.resolve("lutra.completion"), LutraCall.run("completion", "bash").output());
        assertThat(completions(script, "lutra", "retr")).containsExactly("retrain");
        assertThat(completions(script, "lutra", "token", "cr")).containsExactly("create");
        assertThat(completions(script, "lutra", "verify", "--base")).containsExactly("--baseline");
        LutraProcess.Result refused = LutraCall.run("completion", "fish");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.message()).isEqualTo("lutra: SHELL: fish (expected: one of bash, zsh)");
    }

    /** As bash asks for them when somebody presses the tabulator. */
    private List<String> completions(Path script, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash", "-c", "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\";"
            + " COMP_POINT=${#COMP_LINE}; _complete_lutra; printf '%s\\n' \"${COMPREPLY[@]}\"", script.toString()));
        command.addAll(List.of(words));
        Process completing = new ProcessBuilder(command).start(); // it complains that no shell is completing
        String printed = new String(completing.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(completing.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return printed.lines().map(String::strip).filter(line -> !line.isEmpty()).distinct().toList();
    }
}
