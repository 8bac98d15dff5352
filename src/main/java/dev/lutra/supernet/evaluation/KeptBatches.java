package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.Shown;
import dev.lutra.supernet.Images;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/**
 * Batches that are gone through again and again: kept as arrays if they fit, prepared anew each time if not. Several threads
 * may go through them at once.
 */
final class KeptBatches {

    private static final long LARGEST_KEPT_BYTES = 1L << 30;

    private final Supplier<Batches> source;
    private final NDManager manager;
    private final boolean fits;
    private final List<Kept> kept = new ArrayList<>();

    private record Kept(NDArray images, Shown shown) {}

    /**
     * @param manager owns what is kept
     * @param bytes of all images together
     */
    KeptBatches(Supplier<Batches> source, NDManager manager, long bytes) {
        this.source = source;
        this.manager = manager;
        fits = bytes <= LARGEST_KEPT_BYTES;
    }

    /** Every batch: images as N, C, H, W on a manager that is closed afterwards, and what they show. */
    void forEach(BiConsumer<NDArray, Shown> action) {
        whileTrue((images, shown) -> {
            action.accept(images, shown);
            return true;
        });
    }

    /** The same until one is answered by false. */
    void whileTrue(BiPredicate<NDArray, Shown> action) {
        if (fits) {
            boolean goesOn = true;
            for (Iterator<Kept> batches = kept().iterator(); goesOn && batches.hasNext();) {
                Kept batch = batches.next();
                try (NDManager pass = manager.newSubManager()) {
                    NDArray images = batch.images().stopGradient();
                    images.attach(pass);
                    goesOn = action.test(images, batch.shown());
                }
            }
        } else {
            try (Batches batches = source.get()) {
                boolean goesOn = true;
                while (goesOn && batches.hasNext()) {
                    Batch batch = batches.next();
                    try (NDManager pass = manager.newSubManager()) {
                        goesOn = action.test(Images.of(batch, pass), batch.shown());
                    }
                }
            }
        }
    }

    /** All of them or an exception, so that what is kept is never a part. */
    private synchronized List<Kept> kept() {
        if (kept.isEmpty()) {
            try (Batches batches = source.get()) {
                batches.forEachRemaining(batch -> kept.add(keep(batch)));
            } catch (RuntimeException | Error e) {
                kept.forEach(batch -> batch.images().close());
                kept.clear();
                throw e;
            }
        }
        return kept;
    }

    private Kept keep(Batch batch) {
        try (NDManager pass = manager.newSubManager()) {
            NDArray own = Images.of(batch, pass).duplicate();
            own.attach(manager);
            return new Kept(own, batch.shown());
        }
    }
}
