package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.ImageSize;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefetchedBatchesTest {

    /** A loader without images, all of whose parts fail: the first of each two at once, the second when it is let. */
    private static BatchLoader failing(ExecutorService threads, CountDownLatch second) {
        AtomicInteger parts = new AtomicInteger();
        return new BatchLoader(null, new Shown.One(new int[8]), StoredSize.of(ImageSize.square(16)), null, new BatchLoader.Workers(threads, 2)) {
            @Override
            void fill(int[] order, int from, int end, int start, Treatment treatment, ByteBuffer buffer,
                BooleanSupplier stopped) {
                if (parts.getAndIncrement() % 2 == 1) {
                    try {
                        second.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
                throw new IllegalArgumentException("no image");
            }
        };
    }

    /** Whether the batch was asked for before, or nobody wants it any more. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBufferIsNotGivenBackWhileAPartWritesIntoIt(boolean asked) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        CountDownLatch second = new CountDownLatch(1);
        try {
            BatchLoader loader = failing(threads, second);
            Thread user = new Thread(() -> {
                try (Batches batches = new PrefetchedBatches(loader, new int[8], 8, 0,
                    (preparation, image, position) -> new float[0])) {
                    if (asked) {
                        assertThatThrownBy(batches::next).isInstanceOf(IllegalStateException.class).hasRootCauseMessage("no image");
                    }
                }
            });
            user.start();
            while (user.getState() != Thread.State.WAITING && user.isAlive()) {
                Thread.onSpinWait();
            }
            assertThat(loader.workers().spare().values()).allMatch(buffers -> buffers.isEmpty());
            second.countDown();
            user.join();
            assertThat(loader.workers().spare().values()).singleElement().satisfies(buffers -> assertThat(buffers).hasSize(1));
        } finally {
            second.countDown();
            threads.shutdownNow();
        }
    }
}
