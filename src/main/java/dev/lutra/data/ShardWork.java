package dev.lutra.data;

import dev.lutra.ImageSize;
import dev.lutra.data.pixel.Storage;
import dev.lutra.data.source.ListedFiles;
import java.io.IOException;
import java.io.Serializable;
import java.util.Optional;

/**
 * A shard of a source that is to be decoded, by whatever machine. Several may do the same one at once: what they write is the same.
 *
 * @param number of the shard, from 0
 * @param address where it belongs
 * @param name of its file, which follows from what is in it
 * @param images that it is of
 * @param size of the images that a network takes
 * @param key names source and size
 */
public record ShardWork(int number, String address, String name, ListedFiles images, ImageSize size, String key) implements Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * Decodes the images and writes the shard; damaged ones are noted in it.
     *
     * @param threads that decode
     * @throws IOException if an image cannot be read now, or the shard not be written; another time that may go well
     */
    public void make(int threads) throws IOException {
        Unread unread = new Unread(images.folder(), images.size(), 1);
        Storage.of(address).add(name, out -> {
            writer(images, size, key).write(out, threads, Optional.empty(), unread);
            if (!unread.now().isEmpty()) {
                throw new IOException(unread.now().get(unread.now().firstKey()));
            }
        });
    }

    static PixelFileWriter writer(ListedFiles images, ImageSize size, String key) {
        return new PixelFileWriter(images, StoredSize.of(size), images.folder(), key, 1, DataProgress.NONE);
    }
}
