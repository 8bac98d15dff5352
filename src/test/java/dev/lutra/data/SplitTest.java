package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.data.augmentation.Augmentation;
import dev.lutra.data.augmentation.Pixels;
import dev.lutra.data.source.Source;
import dev.lutra.identity.NamedValues;
import dev.lutra.InputException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {

    private static final int ALL = Integer.MAX_VALUE;

    @TempDir
    Path cache;

    private ImageData data;
    private Split train;

    @BeforeEach
    void open() {
        data = ImageData.open(TestImages.spec(new Source.Synthetic(4, 25), 16), cache, DataProgress.NONE);
        train = data.train();
    }

    @AfterEach
    void close() {
        data.close();
    }

    @Test
    void trainingDropsTheLastBatchAndEvaluationKeepsIt() {
        assertThat(train.size()).isEqualTo(80);
        assertThat(train.batchesPerEpoch(32)).isEqualTo(2);
        assertThat(TestImages.labels(train.shuffled(32, 1, 0, 0))).hasSize(64);
        assertThat(TestImages.labels(train.inOrder(32, ALL))).hasSize(80);
        assertThat(TestImages.labels(train.inOrder(32, 50))).hasSize(50);
        assertThat(TestImages.labels(train.sample(32, 70, 1))).hasSize(64);
        assertThat(TestImages.labels(train.sample(32, 5, 1))).as("one batch at least").hasSize(32);
    }

    @Test
    void batchesAreDirectAndOfTheirSize() {
        try (Batches batches = train.inOrder(32, ALL)) {
            for (int expected : new int[]{32, 32, 16}) {
                Batch batch = batches.next();
                assertThat(batch.size()).isEqualTo(expected);
                assertThat(batch.labels()).hasSize(expected);
                assertThat(batch.bytes().isDirect()).isTrue();
                assertThat(batch.bytes().order()).isEqualTo(ByteOrder.nativeOrder());
                assertThat(batch.bytes().remaining()).isEqualTo(expected * 16 * 16 * 3 * 4);
                assertThat(batch.pixels().remaining()).isEqualTo(expected * 16 * 16 * 3);
            }
            assertThat(batches.hasNext()).isFalse();
            assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
        }
    }

    @Test
    void anEpochHasEveryImageOnceWithItsLabel() {
        List<float[]> ordered = TestImages.values(train.inOrder(1, ALL));
        int[] seen = new int[train.size()];
        try (Batches batches = train.sample(20, ALL, 5)) {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                for (int i = 0; i < batch.size(); i++) {
                    float[] image = new float[16 * 16 * 3];
                    batch.pixels().get(i * image.length, image);
                    int index = indexOf(ordered, image);
                    seen[index]++;
                    assertThat(batch.labels()[i]).isEqualTo(TestImages.labels(train)[index]);
                }
            }
        }
        assertThat(seen).containsOnly(1);
        int[] perClass = new int[4];
        TestImages.labels(train.shuffled(20, 3, 1, 0)).forEach(label -> perClass[label]++);
        assertThat(perClass).containsExactly(20, 20, 20, 20);
    }

    private static int indexOf(List<float[]> images, float[] image) {
        for (int i = 0; i < images.size(); i++) {
            if (Arrays.equals(images.get(i), image)) {
                return i;
            }
        }
        throw new AssertionError("not among the images in order");
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 80})
    void aResumedEpochHasTheSameBatches(int imageSize) {
        try (ImageData sized = ImageData.open(TestImages.spec(new Source.Synthetic(4, 25), imageSize), cache,
            DataProgress.NONE)) {
            List<float[]> whole = TestImages.values(sized.train().shuffled(8, 11, 3, 0));
            List<float[]> rest = TestImages.values(sized.train().shuffled(8, 11, 3, 4));
            assertThat(whole).hasSize(10);
            assertThat(rest).hasSize(6);
            for (int i = 0; i < rest.size(); i++) {
                assertThat(rest.get(i)).isEqualTo(whole.get(i + 4));
            }
            assertThat(TestImages.labels(sized.train().shuffled(8, 11, 3, 4)))
                .isEqualTo(TestImages.labels(sized.train().shuffled(8, 11, 3, 0)).subList(32, 80));
            assertThat(sized.train().shuffled(8, 11, 3, 10).hasNext()).as("nothing is left").isFalse();
        }
    }

    /** What a learner of a round asks for, and nothing behind it is prepared. */
    @Test
    void partsOfSomeBatchesAreThoseOfTheEpoch() {
        List<float[]> whole = TestImages.values(train.shuffled(8, 11, 3, 0));
        AtomicInteger prepared = new AtomicInteger();
        Augmentation counting = new Augmentation() {
            @Override
            public void apply(Pixels image, SplittableRandom random) {
                prepared.incrementAndGet();
            }

            @Override
            public void describe(String key, NamedValues.Builder values) {
                throw new UnsupportedOperationException();
            }
        };
        try (Batches batches = train.shuffled(8, 11, 3, 2, 4, List.of(counting), new Split.Share(1, 4))) {
            for (int batch = 2; batch < 4; batch++) {
                float[] part = new float[2 * 16 * 16 * 3];
                batches.next().pixels().get(part);
                assertThat(part).usingComparatorWithPrecision(1e-5f)
                    .containsExactly(Arrays.copyOfRange(whole.get(batch), part.length, 2 * part.length));
            }
            assertThat(batches.hasNext()).isFalse();
        }
        assertThat(prepared).hasValue(4);
    }

    @Test
    void epochsAndSeedsDiffer() {
        float[] first = TestImages.values(train.shuffled(80, 1, 0, 0)).get(0);
        assertThat(TestImages.values(train.shuffled(80, 1, 1, 0)).get(0)).isNotEqualTo(first);
        assertThat(TestImages.values(train.shuffled(80, 2, 0, 0)).get(0)).isNotEqualTo(first);
        assertThat(TestImages.labels(train.shuffled(80, 1, 0, 0))).isNotEqualTo(TestImages.labels(train.shuffled(80, 1, 1, 0)));
    }

    @Test
    void closingEarlyHarmsNoLaterBatches() {
        List<float[]> expected = TestImages.values(train.shuffled(8, 1, 0, 0));
        for (int round = 0; round < 50; round++) {
            try (Batches abandoned = train.inOrder(8, ALL)) {
                abandoned.next();
            }
            List<float[]> found = TestImages.values(train.shuffled(8, 1, 0, 0));
            for (int i = 0; i < expected.size(); i++) {
                assertThat(found.get(i)).isEqualTo(expected.get(i));
            }
        }
    }

    @Test
    void refusesABatchLargerThanTheImages() {
        assertThatThrownBy(() -> train.shuffled(81, 1, 0, 0)).isInstanceOf(InputException.class)
            .hasMessage("batch: 81 (expected: 1 to 80, the number of images to train with)");
        assertThatThrownBy(() -> train.inOrder(0, ALL)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("batch: 0 (expected: 1 to ");
    }
}
