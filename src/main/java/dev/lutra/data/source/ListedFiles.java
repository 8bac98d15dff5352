package dev.lutra.data.source;

import dev.lutra.data.image.ImageDecoder;
import dev.lutra.data.image.RgbImage;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;

/**
 * Some of a source's images, each a file of its own, as another machine gets to know them.
 *
 * @param folder a path that all machines see
 * @param classes of the whole source
 * @param showsSeveral whether an image may show any number of them
 */
public record ListedFiles(String folder, List<String> classes, boolean showsSeveral, List<ListedFile> files) implements Listing, Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * A file.
     *
     * @param name path within the folder
     * @param labels indices of its classes, in rising order
     */
    public record ListedFile(String name, int[] labels, long bytes, long modifiedMillis) implements Serializable {

        private static final long serialVersionUID = 1L;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public String name(int image) {
        return files.get(image).name();
    }

    @Override
    public int label(int image) {
        return files.get(image).labels()[0];
    }

    @Override
    public int[] labels(int image) {
        return files.get(image).labels();
    }

    @Override
    public long bytes(int image) {
        return files.get(image).bytes();
    }

    @Override
    public long modifiedMillis(int image) {
        return files.get(image).modifiedMillis();
    }

    @Override
    public RgbImage read(int image) throws IOException {
        return ImageDecoder.decode(Path.of(folder).resolve(name(image)));
    }

    @Override
    public String describeClass(int label) {
        return folder + ", class " + classes.get(label);
    }
}
