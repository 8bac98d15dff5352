package dev.lutra.agent.command;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A runtime that the device's owner has configured: a command that is given a model and answers with latencies. Servers choose among
 * the names; nothing that they say becomes a part of a command, but for the numbers that {@link Ask} fills in.
 *
 * @param name which tasks give as their provider
 * @param prepare makes once of a model what the command then loads; empty: the command loads the model
 * @param command program and arguments, with placeholders
 * @param report how it answers
 * @param version what tells its version, or the version itself
 * @param visible files and folders that it needs beside the system's
 * @param isProtected whether it is kept from the rest of the device where the system can
 * @param limit how long it may take beside the runs that are asked for
 * @param prepareLimit how long preparing may take
 * @param fingerprint of what its figures follow from: commands, and the content of scripts beside the file
 */
public record CommandRuntime(String name, List<String> prepare, List<String> command, ReportFormat report, Version version,
    List<Path> visible, boolean isProtected, Duration limit, Duration prepareLimit, String fingerprint) {

    /** @param command whose first line of output it is; empty: given as a text */
    public record Version(List<String> command, String text) {}

    /** Characters that its version may have, so that names of tables and lists of runtimes can be made of it. */
    private static final String NO_VERSION = "[^A-Za-z0-9._+~-]+";
    private static final int LONGEST_VERSION = 60;

    /**
     * The version that its results state: what the runtime calls itself, and what else its figures follow from.
     *
     * @param told by its owner, or in its command's first line
     */
    public String versionOf(String told) {
        String plain = told.strip().replaceAll(NO_VERSION, "-").replaceAll("^-+|-+$", "");
        return (plain.isEmpty() ? "0" : plain.substring(0, Math.min(LONGEST_VERSION, plain.length()))) + "-" + fingerprint;
    }

    /** Whether the command says what it has to say in a file. */
    public boolean reportsInFile() {
        return command.stream().anyMatch(part -> part.contains("{" + Ask.REPORT + "}"));
    }

    /** A command with its placeholders filled in. */
    static List<String> filled(List<String> command, Map<String, String> values) {
        return command.stream().map(part -> {
            String filled = part;
            for (Map.Entry<String, String> value : values.entrySet()) {
                filled = filled.replace("{" + value.getKey() + "}", value.getValue());
            }
            return filled;
        }).toList();
    }

    /** What a command has in braces and nothing stands for; empty if there is no such thing. */
    static Optional<String> unknownPlaceholder(List<String> command) {
        return command.stream().flatMap(part -> java.util.regex.Pattern.compile("\\{([a-z-]+)\\}").matcher(part).results())
            .map(found -> found.group(1)).filter(found -> !Ask.NAMES.contains(found)).findFirst();
    }
}
