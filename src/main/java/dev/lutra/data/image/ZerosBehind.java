package dev.lutra.data.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A file's bytes with a few zeros behind them. A reader of WebP looks some bits ahead of what it has use for, and would catch an exception for
 * each that is not there; damaged data that ask for a million codes behind the end have ended.
 */
final class ZerosBehind extends MemoryCacheImageInputStream {

    private static final long MOST = 1L << 12;

    private final long end;

    ZerosBehind(byte[] bytes) {
        super(new ByteArrayInputStream(bytes));
        end = bytes.length;
    }

    @Override
    public int read() throws IOException {
        int found = super.read();
        if (found >= 0) {
            return found;
        }
        pass(1);
        return 0;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        int found = Math.max(0, super.read(bytes, from, length));
        Arrays.fill(bytes, from + found, from + length, (byte) 0);
        pass(length - found);
        return length;
    }

    private void pass(int zeros) throws IOException {
        if (streamPos - end >= MOST) {
            throw new IOException("it ends too early");
        }
        streamPos += zeros;
    }
}
