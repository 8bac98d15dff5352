package dev.lutra.server.cli.output;

import picocli.CommandLine.Option;

/** The option by which a command answers other programs. */
public final class JsonOption {

    @Option(names = "--json", description = "One JSON document on standard output.")
    private boolean wanted;

    public boolean isWanted() {
        return wanted;
    }
}
