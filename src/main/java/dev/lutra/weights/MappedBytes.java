package dev.lutra.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * The end of a file, mapped into memory whatever its size. The mapping outlives the channel and still shows the same
 * bytes after another file took the name, as checkpoints do.
 */
final class MappedBytes {

    private static final int CHUNK_BITS = 30;
    private static final long CHUNK = 1L << CHUNK_BITS;
    /** Chunks overlap by this, so that every element lies whole in the chunk it starts in. */
    private static final int OVERLAP = Long.BYTES - 1;

    private final ByteBuffer[] chunks;

    MappedBytes(FileChannel channel, long start) throws IOException {
        long size = channel.size() - start;
        chunks = new ByteBuffer[Math.toIntExact((size + CHUNK - 1) >>> CHUNK_BITS)];
        for (int i = 0; i < chunks.length; i++) {
            long from = i * CHUNK;
            chunks[i] = channel.map(MapMode.READ_ONLY, start + from, Math.min(CHUNK + OVERLAP, size - from))
                .order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** {@code count} elements, the first at byte {@code begin}. */
    float[] read(long begin, int count, int bytes, DataType.Decoder decoder) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            long at = begin + (long) i * bytes;
            values[i] = decoder.at(chunks[(int) (at >>> CHUNK_BITS)], (int) (at & CHUNK - 1));
        }
        return values;
    }
}
