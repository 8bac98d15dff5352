package dev.lutra.server.run;

import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.proto.border.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where decoded images are kept, for all runs of a user on the same images: nothing of a run is among them. */
final class ImageCache {

    private ImageCache() {}

    /** The folder. Where it is not there yet it is made, for nobody else's eyes; one that a team shares stays as it is. */
    static Path make(Experiment experiment) {
        Path folder = folder(experiment);
        try {
            return Files.isDirectory(folder) ? folder : PrivateFiles.folder(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made: " + FileTrouble.reason(folder, e), e);
        }
    }

    /** What the experiment says, or {@code lutra/images} in the user's folder of caches by the XDG base directories. */
    static Path folder(Experiment experiment) {
        return experiment.data().flatMap(Experiment.DataSource::cache)
            .orElseGet(() -> Optional.ofNullable(System.getenv("XDG_CACHE_HOME")).filter(home -> !home.isEmpty()).map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache")).resolve("lutra").resolve("images"));
    }
}
