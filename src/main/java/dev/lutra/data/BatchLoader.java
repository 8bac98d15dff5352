package dev.lutra.data;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.pixel.DecodedImages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;

/** Prepares the images of one source on shared background threads. */
class BatchLoader {

    private final DecodedImages images;
    private final Shown shown;
    private final StoredSize size;
    private final Normalization normalization;
    private final Workers workers;

    /** How one image is prepared. */
    @FunctionalInterface
    interface Treatment {

        /**
         * @param position of the image in the epoch
         */
        float[] apply(Preparation preparation, RgbImage image, int position);
    }

    /**
     * Background threads and the buffers they fill. Buffers are kept for the next batches of their size: off the heap, left
     * to the garbage collector, they would pile up over thousands of short evaluations.
     */
    record Workers(ExecutorService executor, int threads, Map<Integer, Queue<ByteBuffer>> spare) {

        Workers(ExecutorService executor, int threads) {
            this(executor, threads, new ConcurrentHashMap<>());
        }

        ByteBuffer take(int bytes) {
            ByteBuffer buffer = queue(bytes).poll();
            return buffer != null ? buffer : ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        }

        void giveBack(ByteBuffer buffer) {
            queue(buffer.capacity()).add(buffer);
        }

        private Queue<ByteBuffer> queue(int bytes) {
            return spare.computeIfAbsent(bytes, any -> new ConcurrentLinkedQueue<>());
        }
    }

    BatchLoader(DecodedImages images, Shown shown, StoredSize size, Normalization normalization, Workers workers) {
        this.images = images;
        this.shown = shown;
        this.size = size;
        this.normalization = normalization;
        this.workers = workers;
    }

    Shown shown(int... items) {
        return shown.of(items);
    }

    Normalization normalization() {
        return normalization;
    }

    ImageSize imageSize() {
        return size.imageSize();
    }

    Workers workers() {
        return workers;
    }

    int floatsPerImage() {
        return imageSize().area() * 3;
    }

    /**
     * @param order items of the images, by position
     */
    Batches batches(int[] order, int batchSize, int firstBatch, Treatment treatment) {
        long most = Integer.MAX_VALUE / Float.BYTES / floatsPerImage();
        if (batchSize < 1 || batchSize > most) {
            throw new InputException("batch: " + batchSize + " (expected: 1 to " + most + " at " + imageSize().height() + "×"
                + imageSize().width() + ")");
        }
        return new PrefetchedBatches(this, order, batchSize, firstBatch, treatment);
    }

    /** Prepares the images at some positions into their places in the buffer of the batch that begins at {@code start}. */
    void fill(int[] order, int from, int end, int start, Treatment treatment, ByteBuffer buffer, BooleanSupplier stopped) {
        Preparation preparation = Preparation.of(size, normalization);
        FloatBuffer floats = buffer.asFloatBuffer();
        for (int position = from; position < end && !stopped.getAsBoolean(); position++) {
            float[] values = treatment.apply(preparation, images.read(order[position]), position);
            floats.put((position - start) * values.length, values);
        }
    }
}
