package dev.lutra.data.pixel;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * A source that is decoded into several files: shards, each a {@link PixelFile} of images that follow each other, and {@link #NAME}, which is
 * written last and has what else is to know of the images. It is compressed by gzip, whose check tells when it is not whole.
 *
 * <p>It has: {@link #MAGIC}; fingerprint, content hash and size of the network's images (modified UTF-8, as all text); number of classes, the
 * name of each; whether an image shows several, and whether images have groups; number of images, then of each its name, bytes of its
 * file, number of its classes and their indices, width, height, and its group if images have one; number of shards, then of each its name, bytes,
 * SHA-256 and number of images; how many images are missing, then of each its number and the reason. All numbers big-endian.
 *
 * @param fingerprint what the set was made from
 * @param contentHash of {@link DecodedImages#contentHash}: that of the same images in one file
 * @param size of the images that a network takes
 * @param showsSeveral whether an image may show any number of classes
 * @param missing why images could not be read, by their number
 */
public record PreparedSet(String fingerprint, String contentHash, ImageSize size, List<String> classes, boolean showsSeveral, List<Image> images,
    List<Shard> shards, SortedMap<Integer, String> missing) {

    /** The file by which a folder is known to be one. */
    public static final String NAME = "prepared.images";
    /** "LUTRAPS" and the version of the format. */
    private static final long MAGIC = 0x4C55545241505301L;
    private static final int LARGEST_SIZE = 4096;

    /**
     * An image.
     *
     * @param name within its source
     * @param bytes of its file
     * @param labels indices of its classes
     * @param group what it belongs to, if anything
     * @param width of its pixels, 0 if it could not be read
     * @param height of its pixels
     */
    public record Image(String name, long bytes, int[] labels, Optional<String> group, int width, int height) {

        /** As {@link PixelFile} has it. */
        public long pixelBytes() {
            return 3L * width * height;
        }
    }

    /**
     * A file of pixels.
     *
     * @param sha256 of all of it
     * @param images how many it has
     */
    public record Shard(String name, long bytes, String sha256, int images) {}

    /**
     * Reads a set.
     *
     * @return empty if there is none
     * @throws InputException if it is damaged, or of another version
     */
    public static Optional<PreparedSet> read(Storage storage) throws IOException {
        if (!storage.names().contains(NAME)) {
            return Optional.empty();
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(storage.open(NAME))))) {
            if (in.readLong() != MAGIC) {
                throw damaged(storage, "of another version");
            }
            PreparedSet set = parse(in, storage);
            if (in.read() >= 0) { // reading to the end is what has gzip check
                throw damaged(storage, "it goes on behind its end");
            }
            return Optional.of(set);
        } catch (EOFException | ZipException e) {
            throw damaged(storage, "not whole");
        }
    }

    private static InputException damaged(Storage storage, String why) {
        return new InputException(storage + "/" + NAME + ": " + why + " (expected: as lutra prepare writes it)");
    }

    private static PreparedSet parse(DataInputStream in, Storage storage) throws IOException {
        String fingerprint = in.readUTF();
        String contentHash = in.readUTF();
        ImageSize size = ImageSize.parse(in.readUTF(), 1, LARGEST_SIZE).orElseThrow(() -> damaged(storage, "no size of images"));
        List<String> classes = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            classes.add(in.readUTF());
        }
        boolean showsSeveral = in.readBoolean();
        boolean hasGroups = in.readBoolean();
        List<Image> images = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            images.add(image(in, hasGroups));
        }
        List<Shard> shards = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            shards.add(new Shard(in.readUTF(), in.readLong(), in.readUTF(), in.readInt()));
        }
        SortedMap<Integer, String> missing = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            missing.put(in.readInt(), in.readUTF());
        }
        return new PreparedSet(fingerprint, contentHash, size, classes, showsSeveral, images, shards, missing);
    }

    private static Image image(DataInputStream in, boolean hasGroups) throws IOException {
        String name = in.readUTF();
        long bytes = in.readLong();
        int[] labels = new int[in.readInt()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = in.readInt();
        }
        return new Image(name, bytes, labels, hasGroups ? Optional.of(in.readUTF()) : Optional.empty(), in.readInt(), in.readInt());
    }

    /** Writes it, when all its shards are there. */
    public void write(Storage storage) throws IOException {
        boolean hasGroups = !images.isEmpty() && images.get(0).group().isPresent();
        storage.write(NAME, file -> {
            GZIPOutputStream packed = new GZIPOutputStream(file);
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(packed));
            out.writeLong(MAGIC);
            out.writeUTF(fingerprint);
            out.writeUTF(contentHash);
            out.writeUTF(size.toString());
            out.writeInt(classes.size());
            for (String name : classes) {
                out.writeUTF(name);
            }
            out.writeBoolean(showsSeveral);
            out.writeBoolean(hasGroups);
            out.writeInt(images.size());
            for (Image image : images) {
                write(image, hasGroups, out);
            }
            out.writeInt(shards.size());
            for (Shard shard : shards) {
                out.writeUTF(shard.name());
                out.writeLong(shard.bytes());
                out.writeUTF(shard.sha256());
                out.writeInt(shard.images());
            }
            out.writeInt(missing.size());
            for (Map.Entry<Integer, String> image : missing.entrySet()) {
                out.writeInt(image.getKey());
                out.writeUTF(image.getValue());
            }
            out.flush();
            packed.finish();
        });
    }

    private static void write(Image image, boolean hasGroups, DataOutputStream out) throws IOException {
        out.writeUTF(image.name());
        out.writeLong(image.bytes());
        out.writeInt(image.labels().length);
        for (int label : image.labels()) {
            out.writeInt(label);
        }
        if (hasGroups) {
            out.writeUTF(image.group().orElseThrow());
        }
        out.writeInt(image.width());
        out.writeInt(image.height());
    }
}
