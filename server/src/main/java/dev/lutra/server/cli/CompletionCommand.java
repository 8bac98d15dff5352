package dev.lutra.server.cli;

import dev.lutra.InputException;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import java.util.List;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "completion", mixinStandardHelpOptions = true, description = "Prints a script by which a shell completes commands and options.")
final class CompletionCommand implements Runnable {

    /** One script serves both. */
    private static final List<String> SHELLS = List.of("bash", "zsh");

    @Parameters(index = "0", paramLabel = "SHELL", description = "bash or zsh.")
    private String shell;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        if (!SHELLS.contains(shell)) {
            throw new InputException("SHELL: " + shell + " (expected: one of " + String.join(", ", SHELLS) + ")");
        }
        String script = AutoComplete.bash("lutra", Main.commandLine());
        System.out.print(json.isWanted() ? Json.line(Map.of("shell", shell, "script", script)) + "\n" : script);
    }
}
