package dev.lutra.server.cli.table;

import dev.lutra.InputException;
import picocli.CommandLine.Command;

@Command(name = "lut", mixinStandardHelpOptions = true, description = "Lookup tables.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    LutListCommand.class, LutShowCommand.class, LutImportCommand.class, LutCheckCommand.class,
    LutDiffCommand.class, LutForgetCommand.class})
public final class LutCommand implements Runnable {

    @Override
    public void run() {
        throw new InputException("lut: no command (expected: lut list, show, import, check, diff or forget)");
    }
}
