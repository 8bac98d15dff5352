package dev.lutra.server.web;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What is sent to a call, no more of it than the call takes; to be read in whole. */
final class BoundedBody extends FilterInputStream {

    private final int mostBytes;
    private long left;

    BoundedBody(InputStream in, int mostBytes) {
        super(in);
        this.mostBytes = mostBytes;
        this.left = mostBytes;
    }

    @Override
    public int read() throws IOException {
        int next = super.read();
        count(next < 0 ? 0 : 1);
        return next;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int read = super.read(into, offset, length);
        count(Math.max(0, read));
        return read;
    }

    private void count(int bytes) {
        left -= bytes;
        if (left < 0) {
            throw over(mostBytes);
        }
    }

    static Refusal over(int mostBytes) {
        return new Refusal(413, "request: more than " + mostBytes + " bytes (expected: at most so many of this call)");
    }
}
