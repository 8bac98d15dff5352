package dev.lutra.agent.bench;

import com.google.protobuf.MessageLite;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.OptionalInt;
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
        return read(channel, Integer.MAX_VALUE);
    }

    /**
     * The same from a side that may say what it likes.
     *
     * @param mostBytes that a message has
     * @throws ProtocolException if this one says that it has more, or less than none
     */
    static byte[] read(ReadableByteChannel channel, int mostBytes) throws IOException {
        OptionalInt length = length(channel);
        if (length.isEmpty()) {
            return null;
        }
        if (length.getAsInt() < 0 || length.getAsInt() > mostBytes) {
            throw new ProtocolException("a message of " + length.getAsInt() + " bytes (expected: 0 to " + mostBytes + ")");
        }
        ByteBuffer content = ByteBuffer.allocate(length.getAsInt());
        fill(channel, content);
        return content.array();
    }

    /**
     * The next message's bytes, or null if the channel has ended.
     *
     * @param room gives a buffer with room for so many bytes from its beginning
     * @throws EOFException if it ends within a message
     */
    static ByteBuffer read(ReadableByteChannel channel, IntFunction<ByteBuffer> room) throws IOException {
        OptionalInt length = length(channel);
        if (length.isEmpty()) {
            return null;
        }
        ByteBuffer content = room.apply(length.getAsInt()).limit(length.getAsInt());
        fill(channel, content);
        return content.flip();
    }

    /** Of the next message; empty if the channel has ended. */
    private static OptionalInt length(ReadableByteChannel channel) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
        if (channel.read(length) < 0) {
            return OptionalInt.empty();
        }
        fill(channel, length);
        return OptionalInt.of(length.getInt(0));
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
