package dev.lutra.data;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Keeps one batch ready and one in the making while the caller has a third; every thread prepares a part of each. */
final class PrefetchedBatches implements Batches {

    private static final int BUFFERS = 3;

    private final BatchLoader loader;
    private final int[] order;
    private final int batchSize;
    private final BatchLoader.Treatment treatment;
    private final Deque<Pending> pending = new ArrayDeque<>();
    private ByteBuffer lent;
    private int nextToSubmit;
    private volatile boolean closed;

    /** A batch that is being prepared: images from position {@code start} to before {@code end}. */
    private record Pending(int start, int end, ByteBuffer buffer, List<Future<?>> parts) {}

    PrefetchedBatches(BatchLoader loader, int[] order, int batchSize, int firstBatch, BatchLoader.Treatment treatment) {
        this.loader = loader;
        this.order = order;
        this.batchSize = batchSize;
        this.treatment = treatment;
        this.nextToSubmit = (int) Math.min(order.length, (long) firstBatch * batchSize);
        for (int i = 0; i < BUFFERS && nextToSubmit < order.length; i++) {
            submit(loader.workers().take(batchSize * loader.floatsPerImage() * Float.BYTES));
        }
    }

    private void submit(ByteBuffer buffer) {
        int start = nextToSubmit;
        int end = Math.min(order.length, start + batchSize);
        List<Future<?>> parts = new ArrayList<>();
        int perPart = (end - start + loader.workers().threads() - 1) / loader.workers().threads();
        for (int from = start; from < end; from += perPart) {
            int first = from;
            int last = Math.min(end, from + perPart);
            parts.add(loader.workers().executor().submit(
                () -> loader.fill(order, first, last, start, treatment, buffer, () -> closed)));
        }
        pending.add(new Pending(start, end, buffer, parts));
        nextToSubmit = end;
    }

    @Override
    public boolean hasNext() {
        return !pending.isEmpty();
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        reuseLent();
        Pending batch = pending.element();
        awaitAll(batch);
        pending.remove();
        lent = batch.buffer();
        int size = batch.end() - batch.start();
        ByteBuffer bytes = lent.slice(0, size * loader.floatsPerImage() * Float.BYTES).order(lent.order());
        return new Batch(bytes, loader.shown(Arrays.copyOfRange(order, batch.start(), batch.end())), size, loader.imageSize().height(),
            loader.imageSize().width());
    }

    private void reuseLent() {
        if (lent != null && nextToSubmit < order.length) {
            submit(lent);
        } else if (lent != null) {
            loader.workers().giveBack(lent);
        }
        lent = null;
    }

    /** Waits for every part, also after one that failed: while a part runs, it writes into the buffer. */
    private static void awaitAll(Pending batch) {
        Throwable failure = null;
        for (Future<?> part : batch.parts()) {
            try {
                part.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while waiting for images");
            } catch (ExecutionException e) {
                failure = failure == null ? e.getCause() : failure;
            }
        }
        if (failure != null) {
            throw new IllegalStateException("images could not be prepared", failure);
        }
    }

    /** Waits for every part, however it ends, and whoever interrupts. */
    private static void settle(Pending batch) {
        boolean interrupted = false;
        for (Future<?> part : batch.parts()) {
            while (!part.isDone()) {
                try {
                    part.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    // whoever asked for the batch has been told, or nobody will ask for it
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        nextToSubmit = order.length;
        reuseLent();
        while (!pending.isEmpty()) {
            Pending batch = pending.remove();
            settle(batch);
            loader.workers().giveBack(batch.buffer());
        }
    }
}
