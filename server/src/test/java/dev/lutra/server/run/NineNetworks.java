package dev.lutra.server.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A space that is searched, and trained, in moments. */
public final class NineNetworks {

    private NineNetworks() {}

    /** Writes {@code nine.yaml}: two layers of three kernels, for images of 8×8 in four classes. */
    public static void write(Path folder) throws IOException {
        Files.writeString(folder.resolve("nine.yaml"), """
            name: nine
            title: Nine networks
            source: this test
            input: {channels: 3, size: 8}
            classes: 4
            defaults: {activation: relu}
            choices:
              k3: {block: mb, kernel: 3, expand: 2}
              k5: {block: mb, kernel: 5, expand: 2}
              k7: {block: mb, kernel: 7, expand: 2}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 4}
              - {choices: [k3, k5, k7], channels: 8, repeat: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
    }
}
