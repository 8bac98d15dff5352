package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.pixel.PixelFile;
import dev.lutra.data.source.ClassNames;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ImageDataTest {

    @TempDir
    Path temporary;

    private Path cache() {
        return temporary.resolve("cache");
    }

    private Path data() {
        return temporary.resolve("data");
    }

    private ImageData open(DataSpec spec) {
        return ImageData.open(spec, cache(), DataProgress.NONE);
    }

    private DataSpec folderSpec(int imageSize) {
        return TestImages.spec(new Source.Folder(data()), imageSize);
    }

    private void assertRefused(DataSpec spec, String message) throws IOException {
        assertThatThrownBy(() -> open(spec)).isInstanceOf(InputException.class).hasMessage(message);
        assertThat(cacheFiles()).noneMatch(name -> name.endsWith(".tmp") || name.endsWith(".pixels"));
    }

    /** Before any image is decoded, so that what only looks at names tells the same. */
    private void assertRefusedByNames(DataSpec spec, String message) throws IOException {
        assertRefused(spec, message);
        assertThatThrownBy(() -> ImageSurvey.of(spec)).isInstanceOf(InputException.class).hasMessage(message);
    }

    private List<String> cacheFiles() throws IOException {
        if (!Files.exists(cache())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(cache())) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void splitsEveryClassByTheSameShareAndSharesNoImage() throws IOException {
        TestImages.folder(data(), 8, 8, 10, 20, 5);
        try (ImageData data = open(folderSpec(8))) {
            assertThat(data.classes()).containsExactly("a", "b", "c");
            assertThat(counts(data.train(), 3)).containsExactly(8, 16, 4);
            assertThat(counts(data.validation(), 3)).containsExactly(2, 4, 1);
            assertThat(data.test()).isEmpty();
            Set<List<Float>> images = new HashSet<>();
            images(data.train()).forEach(images::add);
            images(data.validation()).forEach(images::add);
            assertThat(images).as("35 different images").hasSize(35);
        }
    }

    @Test
    void anotherSeedSplitsOtherwise() throws IOException {
        TestImages.folder(data(), 8, 8, 20, 20);
        DataSpec spec = folderSpec(8);
        DataSpec other = new DataSpec(spec.train(), Optional.empty(), Optional.empty(), 0.2, 8, 8);
        try (ImageData one = open(spec); ImageData again = open(spec); ImageData two = open(other)) {
            assertThat(images(one.validation())).isEqualTo(images(again.validation()));
            assertThat(Set.copyOf(images(one.validation()))).isNotEqualTo(Set.copyOf(images(two.validation())));
        }
    }

    @Test
    void theFirstImagesAreAFairSample() throws IOException {
        TestImages.folder(data(), 8, 8, 10, 30);
        try (ImageData data = open(folderSpec(8))) {
            int[] counts = new int[2];
            for (int i = 0; i < 16; i++) {
                counts[TestImages.labels(data.train())[i]]++;
            }
            assertThat(counts).containsExactly(4, 12);
        }
    }

    @Test
    void heldOutSourcesStayWhole() throws IOException {
        TestImages.folder(data().resolve("train"), 8, 8, 6, 6);
        TestImages.folder(data().resolve("val"), 8, 8, 3, 2);
        TestImages.folder(data().resolve("test"), 8, 8, 1, 4);
        DataSpec spec = new DataSpec(new Source.Folder(data().resolve("train")),
            Optional.of(new Source.Folder(data().resolve("val"))), Optional.of(new Source.Folder(data().resolve("test"))),
            0.1, 8, 7);
        try (ImageData data = open(spec)) {
            assertThat(counts(data.train(), 2)).containsExactly(6, 6);
            assertThat(counts(data.validation(), 2)).containsExactly(3, 2);
            assertThat(counts(data.test().orElseThrow(), 2)).containsExactly(1, 4);
        }
    }

    @Test
    void normalisedTrainingImagesHaveMeanZeroAndDeviationOne() throws IOException {
        TestImages.folder(data(), 16, 16, 20, 20);
        try (ImageData data = open(folderSpec(16))) {
            double[] sum = new double[3];
            double[] squares = new double[3];
            int count = 0;
            for (float[] values : TestImages.values(data.train().inOrder(8, Integer.MAX_VALUE))) {
                for (int i = 0; i < values.length; i++) {
                    sum[i % 3] += values[i];
                    squares[i % 3] += values[i] * values[i];
                }
                count += values.length / 3;
            }
            for (int channel = 0; channel < 3; channel++) {
                assertThat(sum[channel] / count).isCloseTo(0, within(1e-4));
                assertThat(squares[channel] / count).isCloseTo(1, within(1e-3));
            }
        }
    }

    @Test
    void imagesOfOneColourAreNotDividedByZero() throws IOException {
        for (String name : List.of("a", "b")) {
            for (int i = 0; i < 2; i++) {
                TestImages.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), data().resolve(name).resolve(i + ".png"));
            }
        }
        try (ImageData data = open(folderSpec(8))) {
            for (float value : TestImages.values(data.train().inOrder(2, 2)).get(0)) {
                assertThat(value).isZero();
            }
        }
    }

    @Test
    void decodesOnceAndAgainWhenAFileChanges() throws IOException {
        TestImages.folder(data(), 8, 8, 4, 4);
        List<Integer> decoded = new ArrayList<>();
        DataProgress progress = (source, done, total) -> {
            assertThat(source).isEqualTo(data().toString());
            assertThat(total).isEqualTo(8);
            decoded.add(done);
        };
        String hash;
        try (ImageData data = ImageData.open(folderSpec(8), cache(), progress)) {
            hash = data.train().origin().shown().get("data.train");
        }
        assertThat(decoded).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        decoded.clear();
        try (ImageData data = ImageData.open(folderSpec(8), cache(), progress)) {
            assertThat(data.train().origin().shown().get("data.train")).isEqualTo(hash).matches("[0-9a-f]{64}");
        }
        assertThat(decoded).isEmpty();

        Path touched = data().resolve("a/000.png");
        Files.setLastModifiedTime(touched, FileTime.fromMillis(1_000_000));
        try (ImageData data = ImageData.open(folderSpec(8), cache(), progress)) {
            assertThat(data.train().origin().shown().get("data.train")).as("the same images").isEqualTo(hash);
        }
        assertThat(decoded).hasSize(8);
        TestImages.write(TestImages.blocks(8, 8, 99), touched);
        try (ImageData data = ImageData.open(folderSpec(8), cache(), progress)) {
            assertThat(data.train().origin().shown().get("data.train")).as("other images").isNotEqualTo(hash);
        }
        assertThat(cacheFiles()).filteredOn(name -> name.endsWith(".pixels")).hasSize(1);
    }

    @Test
    void rebuildsADamagedCache() throws IOException {
        TestImages.folder(data(), 8, 8, 4, 4);
        List<List<Float>> expected;
        try (ImageData data = open(folderSpec(8))) {
            expected = images(data.train());
        }
        Path file = cache().resolve(cacheFiles().stream().filter(name -> name.endsWith(".pixels")).findFirst().orElseThrow());
        byte[] whole = Files.readAllBytes(file);
        byte[] flipped = whole.clone();
        flipped[whole.length - 60] ^= 1; // in the index
        for (byte[] damaged : List.of(new byte[0], Arrays.copyOf(whole, 10), Arrays.copyOf(whole, whole.length - 1),
            Arrays.copyOfRange(whole, 64, whole.length), flipped)) {
            Files.write(file, damaged);
            try (ImageData data = open(folderSpec(8))) {
                assertThat(images(data.train())).isEqualTo(expected);
            }
            assertThat(Files.readAllBytes(file)).isEqualTo(whole);
        }
    }

    @Test
    void writesOverWhatAnInterruptedRunLeft() throws IOException {
        TestImages.folder(data(), 8, 8, 4, 4);
        open(folderSpec(8)).close();
        Path file = cache().resolve(cacheFiles().stream().filter(name -> name.endsWith(".pixels")).findFirst().orElseThrow());
        byte[] whole = Files.readAllBytes(file);
        Path left = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + "-1.tmp");
        Files.write(left, new byte[whole.length * 2]);
        Files.setLastModifiedTime(left, FileTime.fromMillis(0));
        Files.delete(file);
        open(folderSpec(8)).close();
        assertThat(Files.readAllBytes(file)).isEqualTo(whole);
        assertThat(cacheFiles()).noneMatch(name -> name.endsWith(".tmp"));
    }

    @Test
    void imagesMayLieAcrossMappings() throws IOException {
        TestImages.folder(data(), 10, 9, 6, 6);
        Listing listing = Listing.of(new Source.Folder(data()),
            new Listing.Reading(Listing.Role.TRAIN, Optional.empty(), ClassNames.NONE, ImageSize.square(8), 0));
        PixelFileWriter writer = new PixelFileWriter(listing, StoredSize.of(ImageSize.square(100)), "data", "key", 0, DataProgress.NONE);
        PixelFile one = writer.openOrWrite(cache());
        Path file = cache().resolve(cacheFiles().stream().filter(name -> name.endsWith(".pixels")).findFirst().orElseThrow());
        PixelFile many = PixelFile.open(file, 256).orElseThrow();
        for (int i = 0; i < listing.size(); i++) {
            assertThat(many.read(i).pixels()).isEqualTo(one.read(i).pixels()).isEqualTo(listing.read(i).pixels());
        }
    }

    @Test
    void largeImagesAreStoredAtTheSizeOfAnEvaluation() {
        StoredSize size = StoredSize.of(ImageSize.square(224));
        RgbImage stored = size.fit(new RgbImage(1024, 512, new byte[1024 * 512 * 3]));
        assertThat(List.of(stored.width(), stored.height())).containsExactly(512, 256);
        RgbImage small = new RgbImage(100, 80, new byte[100 * 80 * 3]);
        assertThat(size.fit(small)).isSameAs(small);
    }

    /** What covers the image with its margin keeps its proportions; the middle of it is what an evaluation sees. */
    @Test
    void imagesThatAreNotSquareAreCovered() {
        StoredSize size = StoredSize.of(new ImageSize(112, 224));
        RgbImage high = size.fit(new RgbImage(512, 1024, new byte[512 * 1024 * 3]));
        assertThat(List.of(high.width(), high.height())).containsExactly(256, 512);
        RgbImage wide = size.fit(new RgbImage(2048, 512, new byte[2048 * 512 * 3]));
        assertThat(List.of(wide.width(), wide.height())).containsExactly(512, 128);
        RgbImage small = new RgbImage(200, 100, new byte[200 * 100 * 3]);
        assertThat(size.fit(small)).isSameAs(small);
        assertThat(size.preparation()).isEqualTo("RGB, scaled to cover 128x256, centre 112x224, values / 255");
        assertThat(size.drawn()).isEqualTo(new ImageSize(128, 256));
        assertThat(StoredSize.of(new ImageSize(8, 64)).isSmall()).isTrue();
        assertThat(StoredSize.of(new ImageSize(8, 65)).isSmall()).isFalse();

        byte[] pixels = new byte[256 * 128 * 3];
        new Random(1).nextBytes(pixels);
        Normalization none = new Normalization(new float[3], new float[]{1 / 255f, 1 / 255f, 1 / 255f});
        float[] seen = Preparation.of(size, none).plain(new RgbImage(256, 128, pixels));
        assertThat(seen).hasSize(112 * 224 * 3);
        for (int y = 0; y < 112; y += 37) {
            for (int x = 0; x < 224; x += 41) {
                int at = ((y + 8) * 256 + x + 16) * 3;
                assertThat(seen[(y * 224 + x) * 3]).isCloseTo(pixels[at] & 0xFF, within(1e-3f));
            }
        }
    }

    /** Small images are moved and flipped within their own extents: a column that stands out stays a column. */
    @Test
    void smallImagesThatAreNotSquareAreFlippedByTheirWidth() {
        byte[] pixels = new byte[8 * 24 * 3];
        for (int y = 0; y < 8; y++) {
            pixels[(y * 24 + 5) * 3] = (byte) 255;
        }
        Preparation preparation = Preparation.of(StoredSize.of(new ImageSize(8, 24)), new Normalization(new float[3], new float[]{1, 1, 1}));
        RgbImage image = new RgbImage(24, 8, pixels);
        assertThat(preparation.plain(image)[5 * 3]).isEqualTo(1f);
        for (long seed = 0; seed < 20; seed++) {
            float[] moved = preparation.augmented(image, new SplittableRandom(seed));
            Set<Integer> columns = new HashSet<>();
            for (int i = 0; i < moved.length; i += 3) {
                if (moved[i] > 0) {
                    columns.add(i / 3 % 24);
                }
            }
            assertThat(columns).hasSize(1).allMatch(column -> Math.abs(column - 5) <= 4 || Math.abs(column - 18) <= 4);
        }
    }

    @Test
    void refusesWhatIsNotAFolderOfClasses() throws IOException {
        assertRefused(folderSpec(8), data() + ": no such folder (expected: a folder with one sub-folder a class)");
        Files.createDirectories(data());
        assertRefused(folderSpec(8),
            data() + ": no class folders (expected: one sub-folder of images for each of at least two classes)");
        TestImages.folder(data(), 8, 8, 3, 3);
        Files.createDirectories(data().resolve("cat"));
        Files.writeString(data().resolve("cat/notes.txt"), "nothing to see");
        Files.writeString(data().resolve("cat/._0.jpg"), "what macOS leaves");
        assertRefused(folderSpec(8), data().resolve("cat") + ": no images (expected: at least one file that ends in "
            + ".bmp, .gif, .jfif, .jpe, .jpeg, .jpg, .png, .tif, .tiff, .webp; found: 1 .txt)");
    }

    @Test
    void namesEveryDamagedImageAndKeepsTheOthers() throws IOException {
        TestImages.folder(data(), 8, 8, 30, 30);
        Path first = data().resolve("b/007.png");
        byte[] whole = Files.readAllBytes(first);
        Files.write(first, Arrays.copyOf(whole, 60));
        Path second = Files.writeString(data().resolve("b/020.png"), "also broken");
        assertThatThrownBy(() -> open(folderSpec(8))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(data() + ": 2 of 60 images cannot be read: " + first + ": damaged PNG")
            .hasMessageContaining("; " + second + ": not an image").hasMessageNotContaining("\n");
        assertThat(cacheFiles()).noneMatch(name -> name.endsWith(".tmp"));

        // what was decoded then is not looked at again: damage that leaves size and time alone goes unnoticed
        Path kept = data().resolve("a/003.png");
        FileTime time = Files.getLastModifiedTime(kept);
        Files.write(kept, new byte[(int) Files.size(kept)]);
        Files.setLastModifiedTime(kept, time);
        Files.write(first, whole);
        assertRefusedStarting(second + ": not an image");
        Files.write(second, whole);
        try (ImageData data = open(folderSpec(8))) {
            assertThat(data.train().size() + data.validation().size()).isEqualTo(60);
        }
    }

    @Test
    void damagedImagesAreLeftOutUpToAShare() throws IOException {
        TestImages.folder(data(), 8, 8, 30, 30);
        Path broken = Files.writeString(data().resolve("b/020.png"), "broken");
        Path other = Files.writeString(data().resolve("a/007.png"), "broken too");
        DataSpec spec = withCare(new DataSpec.Care(0.04, 0, Optional.empty()));
        List<String> skipped = new ArrayList<>();
        DataProgress progress = new DataProgress() {
            @Override
            public void decoded(String source, int done, int total) {
                skipped.clear();
            }

            @Override
            public void skipped(String source, List<String> reasons, int total) {
                reasons.forEach(reason -> skipped.add(source + " " + total + " " + reason));
            }
        };
        List<List<Float>> first;
        try (ImageData data = ImageData.open(spec, cache(), progress)) {
            assertThat(data.train().size() + data.validation().size()).isEqualTo(58);
            first = images(data.train());
        }
        assertThat(skipped).hasSize(2).allSatisfy(line -> assertThat(line).startsWith(data() + " 60 "));
        assertThat(skipped.get(0)).contains(other + ": ");
        assertThat(skipped.get(1)).contains(broken + ": ");
        skipped.clear();
        try (ImageData data = ImageData.open(spec, cache(), progress)) {
            assertThat(images(data.train())).as("from the cache").isEqualTo(first);
        }
        assertThat(skipped).as("told again").hasSize(2);

        assertThatThrownBy(() -> open(withCare(new DataSpec.Care(0.02, 0, Optional.empty())))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(data() + ": 2 of 60 images cannot be read (expected: at most 1, by data.corrupt): " + other + ": ");
        assertThatThrownBy(() -> open(folderSpec(8))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(data() + ": 2 of 60 images cannot be read: ");
    }

    /** A file that the system lists as any other and does not let be read, whoever asks. */
    @Test
    void whatCannotBeReadIsNotDamaged() throws IOException {
        Path closed = Path.of("/proc/self/mem");
        assumeTrue(Files.isRegularFile(closed));
        TestImages.folder(data(), 8, 8, 30, 30);
        Path link = Files.createSymbolicLink(data().resolve("b/999.png"), closed);
        DataSpec spec = withCare(new DataSpec.Care(0.1, 0, Optional.empty()));
        assertThatThrownBy(() -> open(spec)).isInstanceOf(InputException.class).hasMessage(data() + ": 1 of 61 images cannot be read now "
            + "(expected: damaged ones, which data.corrupt leaves out, and no others): " + link + ": cannot be read: Input/output error");
        assertThatThrownBy(() -> open(folderSpec(8))).isInstanceOf(InputException.class)
            .hasMessage(link + ": cannot be read: Input/output error");
    }

    /** Permissions that were put right and a heap that was made larger change nothing of a file by which it could be told. */
    @Test
    void onlyDamageIsRemembered() throws IOException {
        TestImages.folder(data(), 8, 8, 30, 30);
        Files.writeString(data().resolve("b/020.png"), "broken");
        Listing listing = Listing.of(new Source.Folder(data()),
            new Listing.Reading(Listing.Role.TRAIN, Optional.empty(), ClassNames.NONE, ImageSize.square(8), 0));
        Path file = data().resolve("a/007.png");
        for (Throwable trouble : List.of(new AccessDeniedException(file.toString()), new OutOfMemoryError("Java heap space"))) {
            Listing hindered = (Listing) Proxy.newProxyInstance(Listing.class.getClassLoader(), new Class<?>[]{Listing.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("read") && listing.name((int) arguments[0]).equals("a/007.png")) {
                        throw trouble;
                    }
                    try {
                        return method.invoke(listing, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
            assertThatThrownBy(() -> write(hindered)).isInstanceOf(InputException.class)
                .hasMessageStartingWith(data() + ": 1 of 60 images cannot be read now").hasMessageContaining("a/007.png: ");
        }
        PixelFile whole = write(listing);
        assertThat(whole.missing().values()).singleElement().asString().contains("b/020.png: not an image");
        assertThat(whole.contentHash())
            .isEqualTo(new PixelFileWriter(listing, StoredSize.of(ImageSize.square(8)), "data", "another key", 0.1, DataProgress.NONE)
                .openOrWrite(cache()).contentHash());
    }

    private PixelFile write(Listing listing) throws IOException {
        return new PixelFileWriter(listing, StoredSize.of(ImageSize.square(8)), data().toString(), "key", 0.1, DataProgress.NONE)
            .openOrWrite(cache());
    }

    /** As many as may be damaged, one after the other. */
    @Test
    void aSurveyStepsOverDamagedImages() throws IOException {
        TestImages.folder(data(), 8, 8, 30, 30);
        Files.writeString(data().resolve("a/000.png"), "broken");
        Files.writeString(data().resolve("a/001.png"), "broken too");
        assertThat(ImageSurvey.of(withCare(new DataSpec.Care(0.04, 0, Optional.empty()))).decode(4)).containsExactly(192L, 192L, 192L, 192L);
        for (double share : List.of(0.0, 0.02)) {
            assertThatThrownBy(() -> ImageSurvey.of(withCare(new DataSpec.Care(share, 0, Optional.empty()))).decode(4))
                .isInstanceOf(InputException.class).hasMessageStartingWith(data().resolve("a/000.png") + ": not an image");
        }
    }

    @Test
    void aClassWhoseImagesAreAllDamagedIsRefused() throws IOException {
        TestImages.folder(data(), 8, 8, 30, 2);
        Files.writeString(data().resolve("b/001.png"), "broken");
        assertThatThrownBy(() -> open(withCare(new DataSpec.Care(0.1, 0, Optional.empty())))).isInstanceOf(InputException.class)
            .hasMessage(data().resolve("b") + ": 1 image that can be read (expected: at least 2, one of them to validate with)");
    }

    private DataSpec withCare(DataSpec.Care care) {
        DataSpec spec = folderSpec(8);
        return new DataSpec(spec.train(), Optional.empty(), Optional.empty(), 0.2, ImageSize.square(8), 7, care);
    }

    @Test
    void unequalClassesAreToldAndDrawnMoreEvenly() throws IOException {
        TestImages.folder(data(), 8, 8, 80, 5);
        List<String> told = new ArrayList<>();
        DataProgress progress = new DataProgress() {
            @Override
            public void decoded(String source, int done, int total) {}

            @Override
            public void unequal(String source, ClassSize smallest, ClassSize largest, double balance) {
                told.add(smallest + " " + largest + " " + balance);
            }
        };
        DataSpec even = withCare(new DataSpec.Care(0, 1, Optional.empty()));
        try (ImageData plain = open(folderSpec(8)); ImageData data = ImageData.open(even, cache(), progress)) {
            assertThat(told).containsExactly("ClassSize[name=b, images=5] ClassSize[name=a, images=80] 1.0");
            List<Integer> labels = TestImages.labels(data.train().shuffled(4, 1, 0, 0));
            assertThat(labels).hasSize(68);
            assertThat(labels.stream().filter(label -> label == 1)).hasSize(34);
            assertThat(labels).as("the same again").isEqualTo(TestImages.labels(data.train().shuffled(4, 1, 0, 0)));
            assertThat(data.validation().size()).isEqualTo(plain.validation().size());
            assertThat(data.train().origin()).as("another training").isNotEqualTo(plain.train().origin());
            assertThat(data.validation().origin()).as("judged alike").isEqualTo(plain.validation().origin());
        }
    }

    /** Every image of a class comes as often as any other, over epochs that end in the middle of a pass. */
    @Test
    void balancedEpochsPassNoImageOver() {
        int[] items = IntStream.range(0, 110).toArray();
        BalancedEpochs epochs = new BalancedEpochs(items, item -> item < 100 ? 0 : 1, 0.5);
        int[] uses = new int[110];
        for (int epoch = 0; epoch < 5; epoch++) {
            int[] images = epochs.images(3, epoch);
            assertThat(images).hasSize(110);
            assertThat(Arrays.stream(images).filter(item -> item < 100)).as("in the ratio of the square roots").hasSize(84);
            Arrays.stream(images).forEach(item -> uses[item]++);
        }
        assertThat(Arrays.stream(uses, 0, 100)).containsOnly(4, 5);
        assertThat(Arrays.stream(uses, 100, 110)).containsOnly(13);
    }

    /** Two runs that begin at once decode once, and both have the images. */
    @Test
    void twoProcessesShareOneCache() throws Exception {
        TestImages.folder(data(), 8, 8, 200, 200);
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            processes.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Opening.class.getName(), data().toString(), cache().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        }
        List<String> answers = new ArrayList<>();
        for (Process process : processes) {
            answers.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
            assertThat(process.waitFor()).isZero();
        }
        assertThat(answers).allMatch(answer -> answer.endsWith(" 400"));
        assertThat(answers.stream().mapToInt(answer -> Integer.parseInt(answer.split(" ")[0])).sum()).as("decoded once").isEqualTo(400);
        assertThat(cacheFiles()).filteredOn(name -> name.endsWith(".pixels")).hasSize(1);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeInTheLocksPlaceIsNotWaitedFor() throws Exception {
        TestImages.folder(data(), 8, 8, 3, 3);
        open(folderSpec(8)).close();
        Path pixels = cache().resolve(cacheFiles().stream().filter(name -> name.endsWith(".pixels")).findFirst().orElseThrow());
        Files.delete(pixels);
        Path lock = pixels.resolveSibling(pixels.getFileName() + ".lock");
        Files.delete(lock);
        assumeTrue(new ProcessBuilder("mkfifo", lock.toString()).start().waitFor() == 0);
        assertRefused(folderSpec(8), lock + ": a pipe or a device (expected: a regular file)");
    }

    /** Says how many images it decoded and how many it has. */
    static final class Opening {
        public static void main(String[] args) {
            AtomicInteger decoded = new AtomicInteger();
            DataSpec spec = TestImages.spec(new Source.Folder(Path.of(args[0])), 8);
            try (ImageData data = ImageData.open(spec, Path.of(args[1]), (source, done, total) -> decoded.incrementAndGet())) {
                System.out.println(decoded + " " + (data.train().size() + data.validation().size()));
            }
        }
    }

    private void assertRefusedStarting(String message) {
        assertThatThrownBy(() -> open(folderSpec(8))).isInstanceOf(InputException.class).hasMessageStartingWith(message);
    }

    @Test
    void saysWhatIsPassedOver() throws IOException {
        TestImages.folder(data(), 8, 8, 3, 3);
        Files.writeString(data().resolve("a/x.heic"), "not read");
        Files.writeString(data().resolve("b/y.HEIC"), "not read");
        Files.writeString(data().resolve("b/Makefile"), "not read");
        Files.writeString(data().resolve("b/.hidden"), "not even counted");
        Files.writeString(data().resolve("labels.csv"), "not read");
        List<String> said = new ArrayList<>();
        ImageData.open(folderSpec(8), cache(), new DataProgress() {
            @Override
            public void decoded(String source, int done, int total) {}

            @Override
            public void passedOver(String source, String what) {
                said.add(source + ": " + what);
            }
        }).close();
        assertThat(said).containsExactly(data() + ": 2 .heic, 1 beside the class folders, 1 without an ending");
    }

    /** They have names of images, and nobody would see that they are not among them. */
    @Test
    @Timeout(20)
    void whatIsNoFileIsPassedOverToo() throws Exception {
        TestImages.folder(data(), 8, 8, 3, 3);
        Files.createSymbolicLink(data().resolve("a/gone.png"), Path.of("nowhere.png"));
        Files.createSymbolicLink(data().resolve("a/zero.png"), Path.of("/dev/zero"));
        assumeTrue(new ProcessBuilder("mkfifo", data().resolve("b/pipe.png").toString()).start().waitFor() == 0);
        List<String> said = new ArrayList<>();
        ImageData.open(folderSpec(8), cache(), new DataProgress() {
            @Override
            public void decoded(String source, int done, int total) {
                assertThat(total).isEqualTo(6);
            }

            @Override
            public void passedOver(String source, String what) {
                said.add(source + ": " + what);
            }
        }).close();
        assertThat(said).containsExactly(data() + ": 3 that are no files (pipes, devices, links to nothing)");
    }

    @Test
    void aCircleOfLinksIsNamed() throws IOException {
        TestImages.folder(data(), 8, 8, 3, 3);
        Path link = Files.createSymbolicLink(data().resolve("a/again"), data().resolve("a"));
        assertRefused(folderSpec(8), link + ": a link to a folder that it lies in (expected: no circles)");
    }

    @Test
    void refusesAClassTooSmallToSplit() throws IOException {
        TestImages.folder(data(), 8, 8, 3, 1);
        assertRefusedByNames(folderSpec(8), data().resolve("b") + ": 1 image (expected: at least 2, one of them to validate with)");
    }

    @Test
    void refusesOtherClassesInOtherSplits() throws IOException {
        TestImages.folder(data().resolve("train"), 8, 8, 3, 3);
        TestImages.folder(data().resolve("more"), 8, 8, 3, 3, 3);
        Source train = new Source.Folder(data().resolve("train"));
        Source more = new Source.Folder(data().resolve("more"));
        assertRefusedByNames(new DataSpec(train, Optional.empty(), Optional.of(more), 0.1, 8, 7),
            more + ": class c is new (expected: the classes of " + train + ")");
        assertRefusedByNames(new DataSpec(more, Optional.of(train), Optional.empty(), 0.1, 8, 7),
            train + ": no class c (expected: the classes of " + more + ")");
    }

    @Test
    void refusesTheSameImagesTwice() throws IOException {
        TestImages.folder(data(), 8, 8, 3, 3);
        Source train = new Source.Folder(data());
        Source detour = new Source.Folder(data().resolve("a/.."));
        assertThatThrownBy(() -> new DataSpec(train, Optional.empty(), Optional.of(detour), 0.1, 8, 7))
            .isInstanceOf(InputException.class).hasMessage("test: " + detour + ", the images of train (expected: other images)");
        Source cifar = new Source.CifarBinary(data(), Source.CifarBinary.Version.CIFAR10);
        assertThatThrownBy(() -> new DataSpec(cifar, Optional.of(cifar), Optional.of(cifar), 0.1, 8, 7))
            .isInstanceOf(InputException.class).hasMessageStartingWith("test: cifar10:");
    }

    @Test
    void refusesSizesAndSharesOutOfRange() {
        Source train = new Source.Folder(data());
        assertThatThrownBy(() -> TestImages.spec(train, 7)).isInstanceOf(InputException.class)
            .hasMessage("image size: 7 (expected: 8 to 4096)");
        assertThatThrownBy(() -> new DataSpec(train, Optional.empty(), Optional.empty(), 1, 8, 7))
            .isInstanceOf(InputException.class).hasMessage("validation share: 1.0 (expected: between 0 and 1)");
    }

    private static int[] counts(Split split, int classes) {
        int[] counts = new int[classes];
        for (int label : TestImages.labels(split)) {
            counts[label]++;
        }
        return counts;
    }

    private static List<List<Float>> images(Split split) {
        List<List<Float>> images = new ArrayList<>();
        for (float[] values : TestImages.values(split.inOrder(1, Integer.MAX_VALUE))) {
            List<Float> image = new ArrayList<>();
            for (float value : values) {
                image.add(value);
            }
            images.add(image);
        }
        return images;
    }
}
