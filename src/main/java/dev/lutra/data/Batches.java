package dev.lutra.data;

import java.util.Iterator;

/**
 * Batches in order, prepared ahead on background threads, so that training rarely waits. For one thread to read. Close
 * it: that gives its buffers back for the next one.
 */
public interface Batches extends AutoCloseable, Iterator<Batch> {

    /**
     * The next batch, which makes the one before it invalid.
     *
     * @throws java.util.NoSuchElementException if there is none
     */
    @Override
    Batch next();

    @Override
    void close();
}
