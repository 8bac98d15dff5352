package dev.lutra.server.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A space that is searched, and trained, in moments. */
public final class NineNetworks {

    private NineNetworks() {}

    /** Writes {@code nine.yaml}: two layers of three kernels, for images of 8×8 in four classes. */
    public static void write(Path folder) throws IOException {
        try (InputStream space = NineNetworks.class.getResourceAsStream("nine.yaml")) {
            Files.copy(space, folder.resolve("nine.yaml"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
