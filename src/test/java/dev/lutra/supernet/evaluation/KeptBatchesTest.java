package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.Shown;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptBatchesTest {

    @TempDir
    Path folder;

    @Test
    void keptOrPreparedAnewTheBatchesAreTheSame() {
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(3, 10), 16, 1), folder, DataProgress.NONE);
            NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            List<Integer> opened = new ArrayList<>();
            Supplier<Batches> source = () -> {
                opened.add(1);
                return data.train().inOrder(4, 10);
            };
            KeptBatches kept = new KeptBatches(source, manager, 10);
            List<String> first = contents(kept);
            assertThat(contents(kept)).isEqualTo(first).hasSize(3);
            assertThat(opened).as("times the images were prepared").hasSize(1);
            KeptBatches anew = new KeptBatches(source, manager, Long.MAX_VALUE);
            assertThat(contents(anew)).isEqualTo(first);
            assertThat(contents(anew)).isEqualTo(first);
            assertThat(opened).hasSize(3);
        }
    }

    @Test
    void aSourceThatFailsHalfwayLeavesNothingBehind() {
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(3, 10), 16, 1), folder, DataProgress.NONE);
            NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            List<String> whole = contents(new KeptBatches(() -> data.train().inOrder(4, 10), manager, 10));
            List<Integer> opened = new ArrayList<>();
            KeptBatches kept = new KeptBatches(() -> {
                opened.add(1);
                Batches batches = data.train().inOrder(4, 10);
                return opened.size() > 1 ? batches : cutShort(batches);
            }, manager, 10);
            assertThatThrownBy(() -> contents(kept)).hasMessage("the disk is gone");
            assertThat(contents(kept)).isEqualTo(whole);
        }
    }

    private static Batches cutShort(Batches batches) {
        return new Batches() {

            private int given;

            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public Batch next() {
                if (++given == 3) {
                    throw new IllegalStateException("the disk is gone");
                }
                return batches.next();
            }

            @Override
            public void close() {
                batches.close();
            }
        };
    }

    private static List<String> contents(KeptBatches batches) {
        List<String> contents = new ArrayList<>();
        batches.forEach((images, shown) -> contents.add(images.getShape() + Arrays.toString(((Shown.One) shown).labels())
            + Arrays.hashCode(images.toFloatArray())));
        return contents;
    }
}
