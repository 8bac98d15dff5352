package dev.lutra.server.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A space whose layers are deep, cheap in weights, or wide, cheap in ops. */
final class DeepOrWide {

    private DeepOrWide() {}

    /** Writes it, with wide layers of a kernel, for images of 8×8 in four classes. */
    static void write(Path file, String name, int kernel) throws IOException {
        Files.writeString(file, """
            name: %s
            title: Layers that are deep or wide
            source: this test
            input: {channels: 3, size: 8}
            classes: 4
            defaults: {activation: relu}
            choices:
              deep: {block: mb, kernel: 3, expand: 1.5}
              wide: {block: conv, kernel: %d}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [deep, wide], channels: 8, repeat: 4}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(name, kernel));
    }
}
