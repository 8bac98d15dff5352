package dev.lutra;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder with all that is in it. Links are not followed.
 *
 * @param root need not be there
 */
public record FileTree(Path root) {

    /** What its files hold. */
    public long bytes() {
        return deepestFirst().stream().filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)).mapToLong(path -> path.toFile().length())
            .sum();
    }

    /** @throws UncheckedIOException if some of it cannot be deleted, which then is there */
    public void delete() {
        deepestFirst().forEach(path -> {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                throw trouble("deleted", path, e);
            }
        });
    }

    private List<Path> deepestFirst() {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(root)) {
            return all.sorted(Comparator.reverseOrder()).toList();
        } catch (IOException e) {
            throw trouble("read", root, e);
        }
    }

    private static UncheckedIOException trouble(String what, Path path, IOException e) {
        return new UncheckedIOException(path + ": cannot be " + what + ": " + FileTrouble.reason(path, e), e);
    }
}
