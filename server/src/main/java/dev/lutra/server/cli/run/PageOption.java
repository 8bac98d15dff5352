package dev.lutra.server.cli.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.web.LocalPage;
import picocli.CommandLine.Option;

/** Whether a run shows itself in a browser while it works. */
final class PageOption {

    @Option(names = "--no-page", description = "Serve no page on this machine that shows the run while it works.")
    private boolean without;

    void show(RunFolder folder) {
        if (!without) {
            LocalPage.startBeside(folder, System.err::println);
        }
    }
}
