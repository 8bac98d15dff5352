package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
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
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder per class; images may lie deeper within it. Links are followed; what begins with a dot, files of other kinds, and what is no
 * regular file, are passed over.
 *
 * @param passedOver how many files of other kinds there are, by the ending of their names, or by where they lie
 */
record FolderListing(Path folder, List<String> classes, List<Entry> entries, SortedMap<String, Integer> passedOver)
    implements
        FilesListing {

    private static final String BESIDE = "beside the class folders";
    private static final String WITHOUT_ENDING = "without an ending";
    private static final String NO_FILES = "that are no files (pipes, devices, links to nothing)";

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
        SortedMap<String, Integer> passedOver = new TreeMap<>();
        countBeside(folder, passedOver);
        for (int label = 0; label < classes.size(); label++) {
            List<Entry> found = images(folder, classes.get(label), label, passedOver);
            if (found.isEmpty()) {
                String endings = String.join(", ", new TreeSet<>(ImageDecoder.endings()));
                throw InputException.in(folder.resolve(classes.get(label)), "no images (expected: at least one file that ends in "
                    + endings + (passedOver.isEmpty() ? "" : "; found: " + described(passedOver)) + ")");
            }
            entries.addAll(found);
        }
        return new FolderListing(folder, classes, List.copyOf(entries), passedOver);
    }

    private static List<String> classes(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isDirectory).map(child -> child.getFileName().toString())
                .filter(name -> !name.startsWith(".")).sorted().toList();
        }
    }

    private static void countBeside(Path folder, SortedMap<String, Integer> passedOver) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            children.filter(child -> !Files.isDirectory(child) && !isHidden(child))
                .forEach(child -> passedOver.merge(BESIDE, 1, Integer::sum));
        }
    }

    private static String described(SortedMap<String, Integer> passedOver) {
        return passedOver.entrySet().stream().map(kind -> kind.getValue() + " " + kind.getKey())
            .collect(Collectors.joining(", "));
    }

    private static List<Entry> images(Path folder, String className, int label, SortedMap<String, Integer> passedOver)
        throws IOException {
        List<Entry> found = new ArrayList<>();
        Path top = folder.resolve(className);
        Files.walkFileTree(top, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return isHidden(directory) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (isHidden(file)) {
                    return FileVisitResult.CONTINUE;
                }
                if (!attributes.isRegularFile()) {
                    passedOver.merge(NO_FILES, 1, Integer::sum);
                } else if (!ImageDecoder.isImage(file.getFileName().toString())) {
                    passedOver.merge(ending(file), 1, Integer::sum);
                } else {
                    String name = folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
                    found.add(new Entry(name, label, attributes.size(), attributes.lastModifiedTime().toMillis()));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof FileSystemLoopException) {
                    throw InputException.in(file, "a link to a folder that it lies in (expected: no circles)");
                }
                throw InputFile.unreadable(file, e);
            }
        });
        found.sort(Comparator.comparing(Entry::name));
        return found;
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private static String ending(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? WITHOUT_ENDING : name.substring(dot).toLowerCase(Locale.ROOT);
    }

    @Override
    public Optional<String> leftOut() {
        return passedOver.isEmpty() ? Optional.empty() : Optional.of(described(passedOver));
    }

    @Override
    public String describeClass(int label) {
        return folder.resolve(classes.get(label)).toString();
    }
}
