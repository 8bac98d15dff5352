package dev.lutra.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.lutra.proto.ModelChunk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.regex.Pattern;

/** What goes over the wire in pieces, and what the wire says when it fails. */
final class Transfer {

    private static final int CHUNK_BYTES = 1 << 20;

    /** "bind(..) failed with error(-98): Address already in use" */
    private static final Pattern NETTY_PREFIX = Pattern.compile("^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ");

    private Transfer() {}

    /** A model in pieces of at most 1 MiB, made when asked for. */
    static Iterator<ModelChunk> chunks(ByteBuffer model) {
        return chunks(model, data -> ModelChunk.newBuilder().setData(data).build());
    }

    /** The same of whatever, as messages of another kind. */
    static <M extends MessageLite> Iterator<M> chunks(ByteBuffer content, Function<ByteString, M> message) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return content.hasRemaining();
            }

            @Override
            public M next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return message.apply(ByteString.copyFrom(content, Math.min(content.remaining(), CHUNK_BYTES)));
            }
        };
    }

    /** Of a file; pages come in no sooner than the caller takes them. */
    static <M extends MessageLite> Iterator<M> chunks(Path file, Function<ByteString, M> message) {
        try (FileChannel channel = FileChannel.open(file)) {
            return chunks(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()), message); // the map outlives the channel
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the network said, in the words of the operating system. */
    static String reason(Throwable problem) {
        Throwable innermost = problem;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        return NETTY_PREFIX.matcher(String.valueOf(innermost.getMessage())).replaceFirst("");
    }
}
