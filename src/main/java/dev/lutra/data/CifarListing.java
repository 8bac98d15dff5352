package dev.lutra.data;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.image.RgbImage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** CIFAR-10 binary: records of one label byte and 32×32 red, then green, then blue values. */
final class CifarListing implements Listing {

    private static final int SIDE = 32;
    private static final int PLANE = SIDE * SIDE;
    private static final int MOST_BYTES = 1 << 30;
    private static final int RECORD = 1 + 3 * PLANE;
    private static final List<String> CLASSES = List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** A file, and the number of the first image in it among all. */
    private record BatchFile(Path path, int firstImage, byte[] labels, long bytes, long modifiedMillis) {}

    private final Path folder;
    private final List<BatchFile> batches;
    private final int size;

    private CifarListing(Path folder, List<BatchFile> batches) {
        this.folder = folder;
        this.batches = batches;
        BatchFile last = batches.get(batches.size() - 1);
        this.size = last.firstImage() + last.labels().length;
    }

    static CifarListing of(Path folder, Role role) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw InputException.in(folder, "no such folder (expected: CIFAR-10 binary files)");
        }
        List<Path> files;
        String expected = role == Role.TRAIN ? "data_batch_*.bin" : "test_batch.bin";
        try (Stream<Path> children = Files.list(folder)) {
            files = children.filter(file -> file.getFileName().toString()
                .matches(role == Role.TRAIN ? "data_batch_\\d+\\.bin" : "test_batch\\.bin")).sorted().toList();
        }
        if (files.isEmpty()) {
            throw InputException.in(folder, "no " + expected + " (expected: the binary version of CIFAR-10)");
        }
        List<BatchFile> batches = new ArrayList<>();
        int images = 0;
        for (Path file : files) {
            BatchFile batch = read(file, images);
            batches.add(batch);
            images += batch.labels().length;
        }
        return new CifarListing(folder, batches);
    }

    private static BatchFile read(Path file, int firstImage) throws IOException {
        byte[] content = InputFile.bytes(file, MOST_BYTES);
        if (content.length == 0 || content.length % RECORD != 0) {
            throw InputException.in(file, content.length + " bytes, truncated (expected: a multiple of " + RECORD
                + ", a label and 32×32 RGB an image)");
        }
        byte[] labels = new byte[content.length / RECORD];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = content[i * RECORD];
            if (labels[i] < 0 || labels[i] >= CLASSES.size()) {
                throw InputException.in(file, "label " + (labels[i] & 0xFF) + " of image " + i + " (expected: 0 to 9)");
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
        return CLASSES;
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
        long position = (long) (image - batch.firstImage()) * RECORD + 1;
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
        return folder + ", class " + CLASSES.get(label);
    }
}
