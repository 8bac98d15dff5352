package dev.lutra.agent.bench;

import com.google.protobuf.MessageLite;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.IntFunction;

/**
 * Messages on a channel, each preceded by its length. Not over streams: those that the JDK 17 puts on a socket channel share one
 * lock, so a thread that waits for a message would keep another from writing.
 */
final class Frames {

    /** A channel moves heap memory through a native buffer as large as what it is given at once. */
    private static final int CHUNK = 1 << 16;

    private Frames() {}

    static void write(WritableByteChannel channel, MessageLite message) throws IOException {
        write(channel, message.toByteArray());
    }

    static void write(WritableByteChannel channel, byte[] content) throws IOException {
        transferAll(channel, ByteBuffer.allocate(Integer.BYTES).putInt(content.length).flip());
        transferAll(channel, ByteBuffer.wrap(content));
    }

    private static void transferAll(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
        int end = buffer.limit();
        while (buffer.position() < end) {
            channel.write(buffer.limit(Math.min(end, buffer.position() + CHUNK)));
        }
    }

    /**
     * The next message's bytes, or null if the channel has ended.
     *
     * @throws EOFException if it ends within a message
     */
    static byte[] read(ReadableByteChannel channel) throws IOException {
        ByteBuffer content = read(channel, ByteBuffer::allocate);
        return content == null ? null : content.array();
    }

    /**
     * The next message's bytes, or null if the channel has ended.
     *
     * @param room gives a buffer with room for so many bytes from its beginning
     * @throws EOFException if it ends within a message
     */
    static ByteBuffer read(ReadableByteChannel channel, IntFunction<ByteBuffer> room) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
        if (channel.read(length) < 0) {
            return null;
        }
        fill(channel, length);
        ByteBuffer content = room.apply(length.getInt(0)).limit(length.getInt(0));
        fill(channel, content);
        return content.flip();
    }

    private static void fill(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
        int end = buffer.limit();
        while (buffer.position() < end) {
            if (channel.read(buffer.limit(Math.min(end, buffer.position() + CHUNK))) < 0) {
                throw new EOFException("the channel ended after " + buffer.position() + " of " + end + " bytes");
            }
        }
    }
}
