package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.pixel.PreparedSet;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardingTest {

    private static final int PER_SHARD = 7;

    @TempDir
    private Path temporary;

    private Path photos() {
        return temporary.resolve("photos");
    }

    private Path prepared() {
        return temporary.resolve("prepared");
    }

    private DataSpec spec(Source train, double corrupt) {
        return new DataSpec(train, Optional.empty(), Optional.empty(), 0.2, ImageSize.square(8), 7,
            new DataSpec.Care(corrupt, 0, Optional.empty()));
    }

    private Sharding sharding(double corrupt) {
        return Sharding.of(spec(new Source.Folder(photos()), corrupt), prepared().toString(), PER_SHARD, DataProgress.NONE).get(Listing.Role.TRAIN);
    }

    /** As machines do it that end in another order. */
    private static Sharding.Prepared make(Sharding sharding) throws IOException {
        for (int i = sharding.left().size() - 1; i >= 0; i--) {
            sent(sharding.left().get(i)).make(2);
            sharding.made(sharding.left().get(i).number());
        }
        return sharding.finish();
    }

    /** As it arrives at another machine. */
    private static ShardWork sent(ShardWork work) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(work);
        try {
            return (ShardWork) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, FileTime> shards() throws IOException {
        try (Stream<Path> files = Files.list(prepared().resolve("train"))) {
            Map<String, FileTime> times = new TreeMap<>();
            for (Path file : files.filter(file -> !file.endsWith(PreparedSet.NAME)).toList()) {
                times.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
            }
            return times;
        }
    }

    private ImageData open(String source, double corrupt) {
        return ImageData.open(spec(Source.parse(source, temporary), corrupt), temporary.resolve("cache"), DataProgress.NONE);
    }

    private static List<float[]> batches(Split split) {
        return TestImages.values(split.inOrder(5, split.size()));
    }

    @Test
    void imagesAreThoseOfTheFolder() throws IOException {
        TestImages.folder(photos(), 12, 10, 20, 15);
        Files.writeString(photos().resolve("b/003.png"), "broken");
        Sharding.Prepared made = make(sharding(0.1));
        assertThat(made.shards()).isEqualTo(5);
        assertThat(made.missing()).singleElement().asString().contains("b/003.png: not an image");
        try (ImageData one = open(photos().toString(), 0.1); ImageData many = open(prepared().resolve("train").toString(), 0.1)) {
            assertThat(many.train().origin()).as("weights of one are weights of the other").isEqualTo(one.train().origin());
            assertThat(many.classes()).isEqualTo(one.classes());
            assertThat(many.train().shown()).usingRecursiveComparison().isEqualTo(one.train().shown());
            assertThat(batches(many.train())).usingRecursiveComparison().isEqualTo(batches(one.train()));
            assertThat(batches(many.validation())).usingRecursiveComparison().isEqualTo(batches(one.validation()));
        }
        assertThat(Files.list(temporary.resolve("cache")).map(file -> file.getFileName().toString()).collect(Collectors.toSet()))
            .as("what this machine can map it does not copy").noneMatch(name -> name.startsWith("prepared"));
    }

    @Test
    void whatIsMadeIsNotMadeAgain() throws IOException {
        TestImages.folder(photos(), 8, 8, 20, 15);
        Sharding first = sharding(0);
        first.left().get(3).make(1);
        Map<String, FileTime> before = shards();
        Path left = prepared().resolve("train/" + first.left().get(0).name() + ".9d2f7f1e-0000-4000-8000-000000000000-1.tmp");
        Files.writeString(left, "of a process that was killed");
        assertThat(prepared().resolve("train/" + PreparedSet.NAME)).doesNotExist();
        assertThat(make(sharding(0)).made()).isEqualTo(4);
        assertThat(shards()).hasSize(5).containsAllEntriesOf(before);
        Map<String, FileTime> all = shards();
        assertThat(make(sharding(0)).made()).isZero();
        assertThat(shards()).isEqualTo(all);
        Files.setLastModifiedTime(photos().resolve("a/010.png"), FileTime.fromMillis(0));
        assertThat(make(sharding(0)).made()).as("an image that was touched").isOne();
        assertThat(shards()).hasSize(5);
    }

    /** As on one machine; what is whole stays, for when more may be damaged. */
    @Test
    void asManyMayBeDamagedAsTheExperimentSays() throws IOException {
        TestImages.folder(photos(), 8, 8, 20, 15);
        Files.writeString(photos().resolve("a/001.png"), "broken");
        Files.writeString(photos().resolve("b/002.png"), "broken too");
        assertThatThrownBy(() -> make(sharding(0.03))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(
                photos() + ": 2 of 35 images cannot be read (expected: at most 1, by data.corrupt): " + photos().resolve("a/001.png"));
        assertThat(prepared().resolve("train/" + PreparedSet.NAME)).doesNotExist();
        assertThat(make(sharding(0.1)).made()).isZero();
        assertThatThrownBy(() -> open(prepared().resolve("train").toString(), 0.03)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(prepared().resolve("train") + ": 2 of 35 images cannot be read (expected: at most 1");
    }

    @Test
    void whatDoesNotFitIsToldInOneLine() throws IOException {
        TestImages.folder(photos(), 8, 8, 10, 10);
        make(sharding(0));
        Path train = prepared().resolve("train");
        DataSpec larger = TestImages.spec(new Source.Prepared(train.toString()), 16);
        assertThatThrownBy(() -> ImageData.open(larger, temporary.resolve("cache"), DataProgress.NONE)).isInstanceOf(InputException.class)
            .hasMessage(train + ": prepared for images of 8 (expected: of 16, by lutra prepare)");
        assertThatThrownBy(() -> open("nosuch://host/folder", 0)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("nosuch://host/folder: ");
        Path shard = train.resolve(shards().keySet().iterator().next());
        Files.write(shard, new byte[]{1, 2, 3});
        assertThatThrownBy(() -> open(train.toString(), 0)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(shard + ": not the file that prepared.images names");
        Files.write(train.resolve(PreparedSet.NAME), new byte[]{1, 2, 3});
        assertThatThrownBy(() -> open(train.toString(), 0)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(train.resolve(PreparedSet.NAME) + ": not whole (expected: as lutra prepare writes it)");
        assertThatThrownBy(() -> Sharding.of(spec(new Source.Synthetic(2, 10), 0), "x", PER_SHARD, DataProgress.NONE))
            .isInstanceOf(InputException.class).hasMessage("data.train: synthetic:2x10: no files of images (expected: a folder, or a list of files)");
    }

    @Test
    void aFileInThePlaceOfTheFolderIsNamed() throws IOException {
        TestImages.folder(photos(), 8, 8, 10, 10);
        Files.writeString(prepared(), "a file in its place");
        assertThatThrownBy(() -> sharding(0)).isInstanceOf(InputException.class)
            .hasMessage(prepared().resolve("train") + ": cannot be read: not a folder");
    }

    @Test
    void groupsAndSeveralClassesStay() throws IOException {
        TestImages.folder(photos(), 8, 8, 12);
        Source source = new Source.FileList(temporary.resolve("list.csv"), temporary, "file", "label", Optional.of("group"), Optional.of("|"));
        for (int ofOnePatient : new int[]{2, 4}) {
            StringBuilder table = new StringBuilder("file,label,group\n");
            for (int i = 0; i < 12; i++) {
                table.append("photos/a/%03d.png,%s,patient%d%n".formatted(i, i % 3 == 0 ? "left|right" : i % 3 == 1 ? "left" : "right",
                    i / ofOnePatient));
            }
            Files.writeString(temporary.resolve("list.csv"), table);
            Sharding.Prepared made = make(Sharding.of(spec(source, 0), prepared().toString(), PER_SHARD, DataProgress.NONE).get(Listing.Role.TRAIN));
            assertThat(made.made()).as("shards do not know groups").isEqualTo(ofOnePatient == 2 ? 2 : 0);
            try (ImageData one = ImageData.open(spec(source, 0), temporary.resolve("cache"), DataProgress.NONE);
                ImageData many = open(prepared().resolve("train").toString(), 0)) {
                assertThat(many.showsSeveral()).isTrue();
                assertThat(many.train().origin()).isEqualTo(one.train().origin());
                assertThat(batches(many.validation())).usingRecursiveComparison().isEqualTo(batches(one.validation()));
            }
        }
    }
}
