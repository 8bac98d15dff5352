package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCacheTest {

    @TempDir
    private Path folder;

    @Test
    void isPrivateUnlessATeamSharesItAlready() throws IOException {
        assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"), "permissions as POSIX has them");
        NineNetworks.write(folder);
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("cached.yaml"), """
            name: cached
            space: nine.yaml
            data: {train: "synthetic:4x20", cache: pixels}
            """));
        Path cache = ImageCache.make(experiment);
        assertThat(cache).isEqualTo(folder.resolve("pixels"));
        assertThat(permissions(cache)).isEqualTo("rwx------");
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwx---"));
        ImageCache.make(experiment);
        assertThat(permissions(cache)).isEqualTo("rwxrwx---");
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
