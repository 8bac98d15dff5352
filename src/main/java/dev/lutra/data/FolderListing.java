package dev.lutra.data;

import dev.lutra.InputException;
import dev.lutra.data.image.ImageDecoder;
import dev.lutra.data.image.RgbImage;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A folder per class; images may lie deeper within it. Links are followed; what begins with a dot, and files of other
 * kinds, are passed over.
 */
record FolderListing(Path folder, List<String> classes, List<Entry> entries) implements Listing {

    /**
     * @param name path within the folder, with forward slashes
     */
    record Entry(String name, int label, long bytes, long modifiedMillis) {}

    static FolderListing of(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw InputException.in(folder, Files.exists(folder)
                ? "a file (expected: a folder with one sub-folder a class)"
                : "no such folder (expected: a folder with one sub-folder a class)");
        }
        List<String> classes = classes(folder);
        if (classes.size() < 2) {
            throw InputException.in(folder, (classes.isEmpty() ? "no class folders" : "one class folder, " + classes.get(0))
                + " (expected: one sub-folder of images for each of at least two classes)");
        }
        List<Entry> entries = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            List<Entry> found = images(folder, classes.get(label), label);
            if (found.isEmpty()) {
                throw InputException.in(folder.resolve(classes.get(label)),
                    "no images (expected: at least one .jpg, .jpeg or .png)");
            }
            entries.addAll(found);
        }
        return new FolderListing(folder, classes, List.copyOf(entries));
    }

    private static List<String> classes(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isDirectory).map(child -> child.getFileName().toString())
                .filter(name -> !name.startsWith(".")).sorted().toList();
        }
    }

    private static List<Entry> images(Path folder, String className, int label) throws IOException {
        List<Entry> found = new ArrayList<>();
        Path top = folder.resolve(className);
        Files.walkFileTree(top, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return isHidden(directory) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile() && !isHidden(file) && isImage(file)) {
                    String name = folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
                    found.add(new Entry(name, label, attributes.size(), attributes.lastModifiedTime().toMillis()));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        found.sort(Comparator.comparing(Entry::name));
        return found;
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private static boolean isImage(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".jpg") || name.endsWith(".jpeg") || name.endsWith(".png");
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public String name(int image) {
        return entries.get(image).name();
    }

    @Override
    public int label(int image) {
        return entries.get(image).label();
    }

    @Override
    public long bytes(int image) {
        return entries.get(image).bytes();
    }

    @Override
    public long modifiedMillis(int image) {
        return entries.get(image).modifiedMillis();
    }

    @Override
    public RgbImage read(int image) throws IOException {
        return ImageDecoder.decode(folder.resolve(name(image)));
    }

    @Override
    public String describeClass(int label) {
        return folder.resolve(classes.get(label)).toString();
    }
}
