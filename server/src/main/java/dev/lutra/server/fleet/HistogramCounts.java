package dev.lutra.server.fleet;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * How many values a histogram in HdrHistogram's V2 compressed encoding holds. Reads no more than that, and with bounds, since it comes
 * from elsewhere: a decoder of the whole makes room for what the header says.
 */
final class HistogramCounts {

    private static final int COMPRESSED = 0x1c849304;
    private static final int PLAIN = 0x1c849303;
    /** The cookies' bits that tell the size of a word, which V2 leaves at one byte. */
    private static final int WORD_SIZE = 0xf0;
    private static final int HEADER_BYTES = 40;
    /** As many counts of nine bytes as three significant digits give over all values of 64 bits. */
    private static final int MOST_BYTES = HEADER_BYTES + 9 * 56 * 1024;
    private static final int VARINT_BYTES = 9;
    private static final int MOST_DIGITS = 3;

    private HistogramCounts() {}

    /** @throws InputException if it is no histogram */
    static long of(ByteString encoded) {
        try {
            ByteBuffer outer = encoded.asReadOnlyByteBuffer();
            expect((outer.getInt() & ~WORD_SIZE) == COMPRESSED && outer.getInt() == outer.remaining());
            ByteBuffer plain = inflated(outer);
            expect((plain.getInt() & ~WORD_SIZE) == PLAIN);
            int payload = plain.getInt();
            plain.getInt();
            int digits = plain.getInt();
            expect(digits >= 0 && digits <= MOST_DIGITS); // by which those who decode it all make room
            plain.position(HEADER_BYTES);
            expect(payload == plain.remaining());
            long total = 0;
            while (plain.hasRemaining()) {
                total = Math.addExact(total, Math.max(0, zigZag(plain))); // less than 0: so many buckets are empty
            }
            return total;
        } catch (BufferUnderflowException | IllegalArgumentException | DataFormatException | ArithmeticException e) {
            throw new InputException("latency.histogram: cannot be read (expected: HdrHistogram, V2 compressed)", e);
        }
    }

    private static ByteBuffer inflated(ByteBuffer compressed) throws DataFormatException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(compressed);
            byte[] plain = new byte[MOST_BYTES];
            int bytes = inflater.inflate(plain);
            expect(inflater.finished());
            return ByteBuffer.wrap(plain, 0, bytes).slice();
        } finally {
            inflater.end();
        }
    }

    /** LEB128 of at most nine bytes, the last of which is whole. */
    private static long zigZag(ByteBuffer in) {
        long bits = 0;
        for (int i = 0; i < VARINT_BYTES; i++) {
            long next = in.get();
            boolean isLast = i == VARINT_BYTES - 1;
            bits |= (isLast ? next & 0xff : next & 0x7f) << 7 * i;
            if (isLast || next >= 0) {
                break;
            }
        }
        return bits >>> 1 ^ -(bits & 1);
    }

    private static void expect(boolean holds) throws DataFormatException {
        if (!holds) {
            throw new DataFormatException();
        }
    }
}
