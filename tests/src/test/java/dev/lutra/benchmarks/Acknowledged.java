package dev.lutra.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a server has told a simulated agent: that it has this result.
 *
 * @param latencyNanos from when the task was due to when the agent had it
 */
record Acknowledged(String task, long epoch, String agent, long latencyNanos) {

    /** Of the names of the files that agents write it to. */
    static final String PREFIX = "acknowledged-";

    @Override
    public String toString() {
        return task + " " + epoch + " " + agent + " " + latencyNanos + "\n";
    }

    /** All in the files of a folder. */
    static List<Acknowledged> in(Path folder) throws IOException {
        List<Acknowledged> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
            for (Path file : files) {
                String text = Files.readString(file);
                for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) { // the last may be half written
                    String[] parts = line.split(" ");
                    all.add(new Acknowledged(parts[0], Long.parseLong(parts[1]), parts[2], Long.parseLong(parts[3])));
                }
            }
        }
        return all;
    }
}
