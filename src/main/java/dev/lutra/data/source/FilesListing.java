package dev.lutra.data.source;

import dev.lutra.data.image.ImageDecoder;
import dev.lutra.data.image.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Images that are files within a folder, whoever says which class each has. */
interface FilesListing extends Listing {

    /**
     * A file.
     *
     * @param name path within the folder, with forward slashes or as a list has it
     * @param group what it belongs to, if anything
     */
    record Entry(String name, int label, long bytes, long modifiedMillis, Optional<String> group) {

        /** One for itself. */
        Entry(String name, int label, long bytes, long modifiedMillis) {
            this(name, label, bytes, modifiedMillis, Optional.empty());
        }
    }

    Path folder();

    List<Entry> entries();

    @Override
    default Optional<ListedFiles> part(int from, int end) {
        return Optional.of(new ListedFiles(folder().toAbsolutePath().toString(), List.copyOf(classes()), showsSeveral(), IntStream.range(from, end)
            .mapToObj(image -> new ListedFiles.ListedFile(name(image), labels(image), bytes(image), modifiedMillis(image))).toList()));
    }

    @Override
    default int size() {
        return entries().size();
    }

    @Override
    default String name(int image) {
        return entries().get(image).name();
    }

    @Override
    default int label(int image) {
        return entries().get(image).label();
    }

    @Override
    default Optional<String> group(int image) {
        return entries().get(image).group();
    }

    @Override
    default long bytes(int image) {
        return entries().get(image).bytes();
    }

    @Override
    default long modifiedMillis(int image) {
        return entries().get(image).modifiedMillis();
    }

    @Override
    default RgbImage read(int image) throws IOException {
        return ImageDecoder.decode(folder().resolve(name(image)));
    }
}
