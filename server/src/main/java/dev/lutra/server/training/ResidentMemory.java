package dev.lutra.server.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Memory that this process holds, libtorch's tensors among it, which the JVM does not know of. */
public final class ResidentMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";
    private static final int KIB = 1024;

    private ResidentMemory() {}

    /** In bytes; empty where the system does not tell it as Linux does. */
    public static Optional<Long> bytes() {
        try {
            return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith(RESIDENT))
                .map(line -> KIB * Long.parseLong(line.replaceAll("\\D", ""))).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
