package dev.lutra.server.cli.run;

import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.web.LocalPage;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Option;

/** Whether a run shows itself in a browser while it works. */
final class PageOption {

    @Option(names = "--no-page", description = "Serve no page on this machine that shows the run while it works.")
    private boolean without;

    /** Serves it from when the first stage begins: a run that is refused before shows nothing. */
    RunListener of(RunFolder folder) {
        AtomicBoolean isDue = new AtomicBoolean(!without);
        return event -> {
            if (event instanceof RunEvent.StageBegan && isDue.getAndSet(false)) {
                LocalPage.startBeside(folder, System.err::println);
            }
        };
    }
}
