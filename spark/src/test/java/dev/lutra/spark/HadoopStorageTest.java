package dev.lutra.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.ShardWork;
import dev.lutra.data.Sharding;
import dev.lutra.data.Split;
import dev.lutra.data.pixel.PreparedSet;
import dev.lutra.data.pixel.Storage;
import dev.lutra.data.source.Listing.Role;
import dev.lutra.data.source.Source;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a file system whose addresses are no paths of this machine: {@code viewfs}, mounted on a folder. */
class HadoopStorageTest {

    private static final String ADDRESS = "viewfs://images/all";
    private static final String MOUNT = "spark.hadoop.fs.viewfs.mounttable.images.link./all";

    @TempDir
    private Path temporary;

    @BeforeEach
    void mount() throws IOException {
        System.setProperty(MOUNT, Files.createDirectories(temporary.resolve("elsewhere")).toUri().toString());
        System.setProperty("spark.hadoop.fs.viewfs.impl.disable.cache", "true");
    }

    @AfterEach
    void unmount() {
        System.clearProperty(MOUNT);
        System.clearProperty("spark.hadoop.fs.viewfs.impl.disable.cache");
    }

    private static DataSpec spec(Source train) {
        return new DataSpec(train, Optional.empty(), Optional.empty(), 0.2, 8, 7);
    }

    private ImageData open(Source train, DataProgress progress) {
        return ImageData.open(spec(train), temporary.resolve("cache"), progress);
    }

    /** Two classes of noise. */
    private Source photos(int... counts) throws IOException {
        Random random = new Random(1);
        for (int label = 0; label < counts.length; label++) {
            Path folder = Files.createDirectories(temporary.resolve("photos/class" + label));
            for (int i = 0; i < counts[label]; i++) {
                BufferedImage image = new BufferedImage(12, 10, BufferedImage.TYPE_INT_RGB);
                image.setRGB(0, 0, 12, 10, random.ints(120).toArray(), 0, 12);
                ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
            }
        }
        return new Source.Folder(temporary.resolve("photos"));
    }

    private static List<float[]> pixels(Split split) {
        List<float[]> all = new ArrayList<>();
        try (Batches batches = split.inOrder(1, split.size())) {
            while (batches.hasNext()) {
                float[] values = new float[8 * 8 * 3];
                batches.next().pixels().get(values);
                all.add(values);
            }
        }
        return all;
    }

    private Set<String> copies() throws IOException {
        try (Stream<Path> files = Files.list(temporary.resolve("cache"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.matches("[0-9a-f]{64}\\.pixels")).collect(Collectors.toSet());
        }
    }

    @Test
    void imagesArePreparedThereAndFetchedFromThere() throws IOException {
        Source photos = photos(20, 15);
        Sharding sharding = Sharding.of(spec(photos), ADDRESS, 8, DataProgress.NONE).get(Role.TRAIN);
        for (ShardWork work : sharding.left()) {
            work.make(1);
            work.make(1); // as a machine that was slow does, too
            sharding.made(work.number());
        }
        assertThat(sharding.finish().shards()).isEqualTo(5);
        assertThat(Storage.of(ADDRESS + "/train").names()).hasSize(6).contains(PreparedSet.NAME).noneMatch(name -> name.endsWith(".tmp"));
        assertThat(Sharding.of(spec(photos), ADDRESS, 8, DataProgress.NONE).get(Role.TRAIN).left()).as("all there").isEmpty();

        List<Integer> fetched = new ArrayList<>();
        DataProgress told = new DataProgress() {
            @Override
            public void decoded(String source, int done, int total) {}

            @Override
            public void fetched(String source, int done, int total) {
                fetched.add(done);
            }
        };
        Source prepared = Source.parse(ADDRESS + "/train", temporary);
        try (ImageData one = open(photos, DataProgress.NONE); ImageData many = open(prepared, told)) {
            assertThat(many.train().origin()).isEqualTo(one.train().origin());
            assertThat(pixels(many.train())).usingRecursiveComparison().isEqualTo(pixels(one.train()));
        }
        assertThat(fetched).containsExactly(8, 16, 24, 32, 35);
        assertThat(copies()).hasSize(5);
    }

    @Test
    void aCopyIsOfWhatWasPreparedOrNone() throws IOException {
        Source photos = photos(10, 10);
        Sharding sharding = Sharding.of(spec(photos), ADDRESS, 20, DataProgress.NONE).get(Role.TRAIN);
        sharding.left().get(0).make(1);
        sharding.made(0);
        sharding.finish();
        Path shard = temporary.resolve("elsewhere/train").resolve(sharding.left().get(0).name());
        byte[] whole = Files.readAllBytes(shard);
        Files.deleteIfExists(shard.resolveSibling("." + shard.getFileName() + ".crc")); // by which Hadoop itself would tell
        whole[0] ^= 1;
        Files.write(shard, whole);
        Source prepared = new Source.Prepared(ADDRESS + "/train");
        assertThatThrownBy(() -> open(prepared, DataProgress.NONE)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(ADDRESS + "/train/" + shard.getFileName() + ": not the file that prepared.images names");
        assertThat(copies()).isEmpty();
        Files.delete(shard);
        assertThatThrownBy(() -> open(prepared, DataProgress.NONE))
            .hasMessageContaining(ADDRESS + "/train/" + shard.getFileName() + ": cannot be read: ").hasMessageNotContaining("Exception");
    }

    @Test
    void whatIsThereIsReplacedOnlyByAWholeFile() throws IOException {
        Storage storage = Storage.of(ADDRESS);
        storage.write("file", out -> out.write("one".getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(() -> storage.write("file", (OutputStream out) -> {
            out.write("half of".getBytes(StandardCharsets.UTF_8));
            throw new IOException("No space left on device");
        })).isInstanceOf(IOException.class).hasMessage(ADDRESS + "/file: cannot be written: No space left on device");
        assertThat(storage.open("file").readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("one");
        storage.write("file", out -> out.write("two".getBytes(StandardCharsets.UTF_8)));
        assertThat(storage.open("file").readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("two");
        assertThat(storage.names()).containsExactly("file");
    }

    @Test
    void aFileSystemThatIsNotThereIsToldInOneLine() {
        assertThatThrownBy(() -> Storage.of("s3a://bucket/images")).isInstanceOf(InputException.class)
            .hasMessage("s3a://bucket/images: no file system for s3a (expected: its jar on the class path; docs/reference/spark.md)");
        assertThatThrownBy(() -> Storage.of("nosuch://bucket/images")).isInstanceOf(InputException.class)
            .hasMessage("nosuch://bucket/images: no file system for nosuch (expected: its jar on the class path; docs/reference/spark.md)");
    }
}
