package dev.lutra.server.cli;

import picocli.CommandLine.Option;

/** The option by which a command answers other programs. */
final class JsonOption {

    @Option(names = "--json", description = "One JSON document on standard output.")
    private boolean wanted;

    boolean isWanted() {
        return wanted;
    }
}
