package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.source.Source.CifarBinary.Version;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * CIFAR binary: records of a label byte, for CIFAR-100 the coarse and then the fine label, and 32×32 red, then green, then blue values.
 */
final class CifarListing implements Listing {

    private static final int SIDE = 32;
    private static final int PLANE = SIDE * SIDE;
    private static final int MOST_BYTES = 1 << 30;
    private static final int MOST_NAMES_BYTES = 1 << 16;

    /** How a version's files are called and laid out. */
    private record Layout(String title, String train, String trainPattern, String test, int labelBytes, int classes) {

        static Layout of(Version version) {
            return switch (version) {
                case CIFAR10 -> new Layout("CIFAR-10", "data_batch_*.bin", "data_batch_\\d+\\.bin", "test_batch.bin", 1, CIFAR10.size());
                case CIFAR100 -> new Layout("CIFAR-100", "train.bin", "train\\.bin", "test.bin", 2, 100);
            };
        }

        String expected(Role role) {
            return role == Role.TRAIN ? train : test;
        }

        boolean isOf(Role role, String name) {
            return role == Role.TRAIN ? name.matches(trainPattern) : name.equals(test);
        }

        int record() {
            return labelBytes + 3 * PLANE;
        }
    }

    private static final List<String> CIFAR10 = List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** A file, and the number of the first image in it among all. */
    private record BatchFile(Path path, int firstImage, byte[] labels, long bytes, long modifiedMillis) {}

    private final Path folder;
    private final Layout layout;
    private final List<String> classes;
    private final List<BatchFile> batches;
    private final int size;

    private CifarListing(Path folder, Layout layout, List<String> classes, List<BatchFile> batches) {
        this.folder = folder;
        this.layout = layout;
        this.classes = classes;
        this.batches = batches;
        BatchFile last = batches.get(batches.size() - 1);
        this.size = last.firstImage() + last.labels().length;
    }

    static CifarListing of(Path folder, Version version, Role role) throws IOException {
        Layout layout = Layout.of(version);
        if (!Files.isDirectory(folder)) {
            throw InputException.in(folder, "no such folder (expected: " + layout.title() + " binary files)");
        }
        List<Path> files;
        try (Stream<Path> children = Files.list(folder)) {
            files = children.filter(file -> layout.isOf(role, file.getFileName().toString())).sorted().toList();
        }
        if (files.isEmpty()) {
            throw InputException.in(folder, "no " + layout.expected(role) + " (expected: the binary version of " + layout.title() + ")");
        }
        List<BatchFile> batches = new ArrayList<>();
        int images = 0;
        for (Path file : files) {
            BatchFile batch = read(file, layout, images);
            batches.add(batch);
            images += batch.labels().length;
        }
        return new CifarListing(folder, layout, classes(folder, version, layout), batches);
    }

    private static List<String> classes(Path folder, Version version, Layout layout) {
        if (version == Version.CIFAR10) {
            return CIFAR10;
        }
        Path file = folder.resolve("fine_label_names.txt");
        List<String> names = InputFile.text(file, MOST_NAMES_BYTES).lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        if (names.size() != layout.classes() || !names.equals(names.stream().distinct().sorted().toList())) {
            throw InputException.in(file, names.size() + " lines (expected: " + layout.classes() + " different names of classes, sorted)");
        }
        return names;
    }

    private static BatchFile read(Path file, Layout layout, int firstImage) throws IOException {
        byte[] content = InputFile.bytes(file, MOST_BYTES);
        int record = layout.record();
        if (content.length == 0 || content.length % record != 0) {
            throw InputException.in(file, content.length + " bytes, truncated (expected: a multiple of " + record + ", "
                + (layout.labelBytes() == 1 ? "a label" : "two labels") + " and 32×32 RGB an image)");
        }
        byte[] labels = new byte[content.length / record];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = content[i * record + layout.labelBytes() - 1];
            if (labels[i] < 0 || labels[i] >= layout.classes()) {
                throw InputException.in(file, "label " + (labels[i] & 0xFF) + " of image " + i + " (expected: 0 to "
                    + (layout.classes() - 1) + ")");
            }
        }
        return new BatchFile(file, firstImage, labels, content.length, Files.getLastModifiedTime(file).toMillis());
    }

    private BatchFile batchOf(int image) {
        int index = batches.size() - 1;
        while (batches.get(index).firstImage() > image) {
            index--;
        }
        return batches.get(index);
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String name(int image) {
        BatchFile batch = batchOf(image);
        return batch.path().getFileName() + "#" + (image - batch.firstImage());
    }

    @Override
    public int label(int image) {
        BatchFile batch = batchOf(image);
        return batch.labels()[image - batch.firstImage()];
    }

    @Override
    public long bytes(int image) {
        return batchOf(image).bytes();
    }

    @Override
    public long modifiedMillis(int image) {
        return batchOf(image).modifiedMillis();
    }

    @Override
    public RgbImage read(int image) throws IOException {
        BatchFile batch = batchOf(image);
        ByteBuffer planes = ByteBuffer.allocate(3 * PLANE);
        long position = (long) (image - batch.firstImage()) * layout.record() + layout.labelBytes();
        try (FileChannel channel = FileChannel.open(batch.path())) {
            while (planes.hasRemaining()) {
                int read = channel.read(planes, position + planes.position());
                if (read < 0) {
                    throw new EOFException(batch.path() + ": became shorter while it was read");
                }
            }
        }
        byte[] pixels = new byte[3 * PLANE];
        for (int p = 0, at = 0; p < PLANE; p++) {
            for (int channel = 0; channel < 3; channel++) {
                pixels[at++] = planes.get(channel * PLANE + p);
            }
        }
        return new RgbImage(SIDE, SIDE, pixels);
    }

    @Override
    public String describeClass(int label) {
        return folder + ", class " + classes.get(label);
    }
}
