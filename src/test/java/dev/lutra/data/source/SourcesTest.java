package dev.lutra.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.TestImages;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.source.Source.CifarBinary.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourcesTest {

    private static final int RECORD = 3073;

    @TempDir
    Path temporary;

    @Test
    void parsesEverySource() throws IOException {
        assertThat(Source.parse("synthetic", temporary)).isEqualTo(new Source.Synthetic(10, 500));
        assertThat(Source.parse("synthetic:4x20", temporary)).isEqualTo(new Source.Synthetic(4, 20));
        assertThat(Source.parse("cifar10:c", temporary)).isEqualTo(new Source.CifarBinary(temporary.resolve("c"), Version.CIFAR10));
        assertThat(Source.parse("photos", temporary)).isEqualTo(new Source.Folder(temporary.resolve("photos")));
        assertThat(Source.parse("photos.csv", temporary)).isEqualTo(new Source.FileList(temporary.resolve("photos.csv"), temporary, "file", "label"));
        Files.createDirectories(temporary.resolve("odd.txt"));
        assertThat(Source.parse("odd.txt", temporary)).isEqualTo(new Source.Folder(temporary.resolve("odd.txt")));
        Files.createDirectories(temporary.resolve("bin"));
        Files.write(temporary.resolve("bin/data_batch_1.bin"), new byte[RECORD]);
        assertThat(Source.parse("bin", temporary)).isEqualTo(new Source.CifarBinary(temporary.resolve("bin"), Version.CIFAR10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"synthetic:", "synthetic:10", "synthetic:1x5", "synthetic:101x5", "synthetic:5x0", "", " "})
    void refusesOtherTexts(String text) {
        assertThatThrownBy(() -> Source.parse(text, temporary)).isInstanceOf(InputException.class)
            .hasMessageContaining("(expected: ").message().doesNotContain("\n");
    }

    @Test
    void readsCifarBinary() throws IOException {
        writeCifar("data_batch_1.bin", 40, 1);
        writeCifar("data_batch_2.bin", 20, 2);
        writeCifar("test_batch.bin", 30, 3);
        byte[] second = Files.readAllBytes(temporary.resolve("data_batch_2.bin"));
        CifarListing listing = CifarListing.of(temporary, Version.CIFAR10, Listing.Role.TRAIN);
        assertThat(listing.size()).isEqualTo(60);
        assertThat(listing.label(45)).isEqualTo(second[5 * RECORD]);
        assertThat(listing.name(45)).isEqualTo("data_batch_2.bin#5");
        RgbImage image = listing.read(45);
        for (int channel = 0; channel < 3; channel++) {
            int row = 3;
            int column = 7;
            assertThat(image.pixels()[(row * 32 + column) * 3 + channel])
                .isEqualTo(second[5 * RECORD + 1 + channel * 1024 + row * 32 + column]);
        }

        DataSpec spec = DataSpec.of(new Source.CifarBinary(temporary, Version.CIFAR10), 32, 1);
        try (ImageData data = ImageData.open(spec, temporary.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.classes()).hasSize(10).startsWith("airplane").endsWith("truck").isSorted();
            assertThat(data.train().size()).isEqualTo(50);
            assertThat(data.validation().size()).isEqualTo(10);
            assertThat(data.test().orElseThrow().size()).isEqualTo(30);
        }
    }

    @Test
    void refusesDamagedCifarBinary() throws IOException {
        Path file = temporary.resolve("data_batch_1.bin");
        assertThatThrownBy(() -> CifarListing.of(temporary, Version.CIFAR10, Listing.Role.TRAIN)).isInstanceOf(InputException.class)
            .hasMessage(temporary + ": no data_batch_*.bin (expected: the binary version of CIFAR-10)");
        Files.write(file, new byte[2 * RECORD - 1]);
        assertThatThrownBy(() -> CifarListing.of(temporary, Version.CIFAR10, Listing.Role.TRAIN)).isInstanceOf(InputException.class)
            .hasMessage(file + ": 6145 bytes, truncated (expected: a multiple of 3073, a label and 32×32 RGB an image)");
        byte[] labelled = new byte[2 * RECORD];
        labelled[RECORD] = 10;
        Files.write(file, labelled);
        assertThatThrownBy(() -> CifarListing.of(temporary, Version.CIFAR10, Listing.Role.TRAIN)).isInstanceOf(InputException.class)
            .hasMessage(file + ": label 10 of image 1 (expected: 0 to 9)");
    }

    /** Two labels a record, of which the fine one counts. */
    @Test
    void readsCifar100() throws IOException {
        List<String> names = IntStream.range(0, 100).mapToObj("class%02d"::formatted).toList();
        Files.write(temporary.resolve("fine_label_names.txt"), names);
        byte[] content = new byte[200 * 3074];
        new SplittableRandom(1).nextBytes(content);
        for (int i = 0; i < 200; i++) {
            content[i * 3074] = (byte) (i % 20);
            content[i * 3074 + 1] = (byte) (i % 100);
        }
        Files.write(temporary.resolve("train.bin"), content);
        Files.write(temporary.resolve("test.bin"), Arrays.copyOf(content, 100 * 3074));
        Source source = Source.parse(temporary.toString(), temporary);
        assertThat(source).isEqualTo(Source.parse("cifar100:" + temporary, temporary));
        Listing listing = CifarListing.of(temporary, Version.CIFAR100, Listing.Role.TRAIN);
        assertThat(listing.label(135)).isEqualTo(35);
        assertThat(listing.read(135).pixels()[(3 * 32 + 7) * 3 + 1]).isEqualTo(content[135 * 3074 + 2 + 1024 + 3 * 32 + 7]);
        try (ImageData data = ImageData.open(DataSpec.of(source, 32, 1), temporary.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.classes()).isEqualTo(names);
            assertThat(data.train().size() + data.validation().size()).isEqualTo(200);
            assertThat(data.test().orElseThrow().size()).isEqualTo(100);
        }
        Files.write(temporary.resolve("fine_label_names.txt"), names.subList(0, 99));
        assertThatThrownBy(() -> CifarListing.of(temporary, Version.CIFAR100, Listing.Role.TRAIN)).isInstanceOf(InputException.class)
            .hasMessage(temporary.resolve("fine_label_names.txt") + ": 99 lines (expected: 100 different names of classes, sorted)");
    }

    private void writeCifar(String name, int images, long seed) throws IOException {
        byte[] content = new byte[images * RECORD];
        new SplittableRandom(seed).nextBytes(content);
        for (int i = 0; i < images; i++) {
            content[i * RECORD] = (byte) (i % 10);
        }
        Files.write(temporary.resolve(name), content);
    }

    @Test
    void syntheticImagesAreTheSameEverywhere() {
        SyntheticImages images = new SyntheticImages(20, 3, ImageSize.square(24), 5);
        byte[] pixels = images.read(41).pixels();
        assertThat(new SyntheticImages(20, 3, ImageSize.square(24), 5).read(41).pixels()).isEqualTo(pixels);
        assertThat(new SyntheticImages(20, 3, ImageSize.square(24), 6).read(41).pixels()).isNotEqualTo(pixels);
        assertThat(images.read(42).pixels()).isNotEqualTo(pixels);
        assertThat(images.classes()).isSorted().hasSize(20);
    }

    @Test
    void syntheticSplitsDiffer() {
        DataSpec spec = DataSpec.of(new Source.Synthetic(2, 10), 16, 3);
        try (ImageData data = ImageData.open(spec, temporary, DataProgress.NONE)) {
            assertThat(data.train().size()).isEqualTo(18);
            assertThat(data.test().orElseThrow().size()).isEqualTo(4);
            for (float[] test : TestImages.values(data.test().orElseThrow().inOrder(1, 100))) {
                for (float[] train : TestImages.values(data.train().inOrder(1, 100))) {
                    assertThat(test).isNotEqualTo(train);
                }
            }
        }
    }

    @Test
    void namesOfSyntheticClassesDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat(new SyntheticImages(2, 1, ImageSize.square(8), 1).classes()).containsExactly("class00", "class01");
        } finally {
            Locale.setDefault(before);
        }
    }

    /** Softmax regression on pixels is far from solving it: colours and places say nothing of the class. */
    @Test
    void syntheticClassesNeedMoreThanALinearModel() {
        DataSpec spec = TestImages.spec(new Source.Synthetic(10, 150), 16);
        try (ImageData data = ImageData.open(spec, temporary, DataProgress.NONE)) {
            double[][] weights = new double[10][16 * 16 * 3];
            for (int epoch = 0; epoch < 15; epoch++) {
                try (Batches batches = data.train().sample(30, Integer.MAX_VALUE, epoch)) {
                    batches.forEachRemaining(batch -> learn(weights, batch, 0.002));
                }
            }
            double right = 0;
            try (Batches batches = data.validation().inOrder(1, Integer.MAX_VALUE)) {
                while (batches.hasNext()) {
                    Batch batch = batches.next();
                    double[] scores = scores(weights, image(batch, 0));
                    right += batch.labels()[0] == best(scores) ? 1 : 0;
                }
            }
            assertThat(right / data.validation().size()).isLessThan(0.4);
        }
    }

    private static float[] image(Batch batch, int index) {
        float[] image = new float[16 * 16 * 3];
        batch.pixels().get(index * image.length, image);
        return image;
    }

    private static void learn(double[][] weights, Batch batch, double rate) {
        for (int i = 0; i < batch.size(); i++) {
            float[] image = image(batch, i);
            double[] scores = scores(weights, image);
            double most = Arrays.stream(scores).max().orElseThrow();
            double total = Arrays.stream(scores).map(score -> Math.exp(score - most)).sum();
            for (int k = 0; k < weights.length; k++) {
                double error = (batch.labels()[i] == k ? 1 : 0) - Math.exp(scores[k] - most) / total;
                for (int j = 0; j < image.length; j++) {
                    weights[k][j] += rate * error * image[j];
                }
            }
        }
    }

    private static double[] scores(double[][] weights, float[] image) {
        double[] scores = new double[weights.length];
        for (int k = 0; k < weights.length; k++) {
            for (int j = 0; j < image.length; j++) {
                scores[k] += weights[k][j] * image[j];
            }
        }
        return scores;
    }

    private static int best(double[] scores) {
        int best = 0;
        for (int k = 1; k < scores.length; k++) {
            best = scores[k] > scores[best] ? k : best;
        }
        return best;
    }

    /** Real photographs, where they are at hand beside the checkout. */
    @Test
    @Tag("cifar")
    void readsCifarJpegs() throws Exception {
        Path archive = Path.of("../../shared/data/cifar10-jpeg.tar").toAbsolutePath().normalize();
        assumeTrue(Files.exists(archive), "no " + archive);
        List<String> command = new ArrayList<>(List.of("tar", "xf", archive.toString(), "-C", temporary.toString(),
            "--wildcards", "train/*/00[0-9][0-9].jpg", "train/*/01[0-9][0-9].jpg", "test/*/000[0-9].jpg"));
        Process tar = new ProcessBuilder(command).inheritIO().start();
        assertThat(tar.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(tar.exitValue()).isZero();

        DataSpec spec = new DataSpec(new Source.Folder(temporary.resolve("train")), Optional.empty(),
            Optional.of(new Source.Folder(temporary.resolve("test"))), 0.1, 32, 1);
        try (ImageData data = ImageData.open(spec, temporary.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.train().size()).isEqualTo(1800);
            assertThat(data.validation().size()).isEqualTo(200);
            assertThat(data.test().orElseThrow().size()).isEqualTo(100);
            // what is known of CIFAR-10: mean 0.491 0.482 0.447, deviation 0.247 0.243 0.262
            float[] mean = {0.491f, 0.482f, 0.447f};
            float[] deviation = {0.247f, 0.243f, 0.262f};
            for (int channel = 0; channel < 3; channel++) {
                assertThat(data.normalization().mean()[channel]).isCloseTo(mean[channel], within(0.02f));
                assertThat(data.normalization().deviation()[channel]).isCloseTo(deviation[channel], within(0.02f));
            }
            assertThat(TestImages.labels(data.train().shuffled(128, 1, 0, 0))).hasSize(14 * 128);
        }
    }
}
