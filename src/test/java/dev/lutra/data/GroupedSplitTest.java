package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupedSplitTest {

    @TempDir
    private Path folder;

    /** Images that nobody reads: of each its class and its group. */
    private record Told(List<String> classes, List<Integer> labels, List<String> groups) implements Listing {
        @Override
        public int size() {
            return labels.size();
        }

        @Override
        public String name(int image) {
            return Integer.toString(image);
        }

        @Override
        public int label(int image) {
            return labels.get(image);
        }

        @Override
        public Optional<String> group(int image) {
            return Optional.of(groups.get(image));
        }

        @Override
        public long bytes(int image) {
            return 0;
        }

        @Override
        public long modifiedMillis(int image) {
            return 0;
        }

        @Override
        public RgbImage read(int image) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String describeClass(int label) {
            return "class " + classes.get(label);
        }
    }

    private static Told random(int groups, long seed) {
        Random random = new Random(seed);
        List<Integer> labels = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int group = 0; group < groups; group++) {
            int size = 1 + random.nextInt(20);
            for (int i = 0; i < size; i++) {
                labels.add(Math.min(2, random.nextInt(6)));
                names.add("patient " + group);
            }
        }
        return new Told(List.of("a", "b", "c"), labels, names);
    }

    @Test
    void wholeGroupsValidateAndEveryClassIsOnBothSides() {
        for (long seed = 0; seed < 50; seed++) {
            Told listing = random(30, seed);
            Set<String> groups = GroupedSplit.validating(listing, image -> true, 0.2, seed);
            assertThat(GroupedSplit.validating(listing, image -> true, 0.2, seed)).isEqualTo(groups);
            Set<Integer> held = new HashSet<>();
            Set<Integer> trained = new HashSet<>();
            int images = 0;
            for (int image = 0; image < listing.size(); image++) {
                boolean isHeld = groups.contains(listing.groups().get(image));
                (isHeld ? held : trained).add(listing.label(image));
                images += isHeld ? 1 : 0;
            }
            assertThat(held).hasSize(3);
            assertThat(trained).hasSize(3);
            assertThat((double) images / listing.size()).as("near what is wanted").isBetween(0.1, 0.3);
        }
        assertThat(GroupedSplit.validating(random(30, 1), image -> true, 0.2, 1))
            .isNotEqualTo(GroupedSplit.validating(random(30, 1), image -> true, 0.2, 2));
    }

    @Test
    void aClassOfOneGroupCannotBeDivided() {
        Told listing = new Told(List.of("a", "b"), List.of(0, 0, 0, 1, 1), List.of("x", "y", "y", "z", "z"));
        assertThatThrownBy(() -> GroupedSplit.validating(listing, image -> true, 0.2, 1)).isInstanceOf(InputException.class)
            .hasMessage("class b: its images cannot be divided by groups (expected: at least two groups that have it, one of them to validate with)");
        assertThatThrownBy(() -> GroupedSplit.validating(listing, image -> image > 0, 0.2, 1)).as("of those that can be read")
            .isInstanceOf(InputException.class);
    }

    /** Writes four images of each of six patients, two of each class, and a list of them. */
    private Source.FileList list(String name, int first) throws IOException {
        Path images = TestImages.folder(folder.resolve(name), 8, 8, 12, 12);
        List<String> lines = new ArrayList<>(List.of("file,label,patient"));
        Map<String, Integer> counts = new HashMap<>();
        try (Stream<Path> walk = Files.walk(images)) {
            for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
                String label = file.getParent().getFileName().toString();
                int number = counts.merge(label, 1, Integer::sum) - 1;
                lines.add(images.relativize(file) + "," + label + ",p" + (first + number / 2));
            }
        }
        Path list = Files.write(folder.resolve(name + ".csv"), lines);
        return new Source.FileList(list, images, "file", "label", Optional.of("patient"), Optional.empty());
    }

    @Test
    void dataOfAListKeepGroupsTogether() throws IOException {
        DataSpec spec = new DataSpec(list("train", 0), Optional.empty(), Optional.empty(), 0.3, 8, 1);
        try (ImageData data = ImageData.open(spec, folder.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.validation().size()).as("two patients of six").isEqualTo(8);
            assertThat(data.train().size()).isEqualTo(16);
            assertThat(data.train().origin().shown()).containsKey("data.groups");
        }
        DataSpec without = new DataSpec(new Source.FileList(folder.resolve("train.csv"), folder.resolve("train"), "file", "label"),
            Optional.empty(), Optional.empty(), 0.3, 8, 1);
        try (ImageData data = ImageData.open(without, folder.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.train().origin().shown()).doesNotContainKey("data.groups");
        }
    }

    @Test
    void aGroupOnTwoSidesIsTold() throws IOException {
        Source.FileList train = list("train", 0);
        Source.FileList test = list("test", 5);
        DataSpec spec = new DataSpec(train, Optional.empty(), Optional.of(test), 0.3, 8, 1);
        assertThatThrownBy(() -> ImageData.open(spec, folder.resolve("cache"), DataProgress.NONE)).isInstanceOf(InputException.class)
            .hasMessage(test + ": group p5 is among the images of train too, " + train + " (expected: a group on one side only)");
        DataSpec apart = new DataSpec(train, Optional.empty(), Optional.of(list("other", 6)), 0.3, 8, 1);
        ImageData.open(apart, folder.resolve("cache"), DataProgress.NONE).close();
    }

    /** Of images that show several classes each one is divided by itself, or with its group, and every class is on both sides. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void severalClassesOfAnImageAreDividedTogether(boolean grouped) throws IOException {
        Path images = TestImages.folder(folder.resolve("images"), 8, 8, 40);
        List<String> lines = new ArrayList<>(List.of("file,labels,patient"));
        for (int i = 0; i < 40; i++) {
            String rare = i == 3 || i == 30 ? "rare" : "";
            String labels = String.join(" ; ", List.of(i % 2 == 0 ? "even" : "", rare, i % 3 == 0 ? "third" : ""));
            lines.add("a/%03d.png,%s,p%d".formatted(i, labels, i / 2));
        }
        Source list = new Source.FileList(Files.write(folder.resolve("list.csv"), lines), images, "file", "labels",
            grouped ? Optional.of("patient") : Optional.empty(), Optional.of(";"));
        try (ImageData data = ImageData.open(TestImages.spec(list, 8), folder.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.classes()).containsExactly("even", "rare", "third");
            assertThat(data.showsSeveral()).isTrue();
            assertThat(data.validation().size()).isEqualTo(8);
            assertThat(data.train().size()).isEqualTo(32);
            for (Split split : List.of(data.train(), data.validation())) {
                Shown.Several shown = (Shown.Several) split.shown();
                assertThat(IntStream.range(0, 3).map(label -> (int) IntStream.range(0, split.size()).filter(i -> shown.has(i, label)).count()))
                    .as("images of every class").allMatch(count -> count > 0);
            }
            Shown.Several trained = (Shown.Several) data.train().shown();
            Shown.Several held = (Shown.Several) data.validation().shown();
            assertThat(Stream.concat(Stream.of(trained.labels()), Stream.of(held.labels())).filter(labels -> labels.length == 0))
                .as("odd numbers but those by three, and the rare one that is none of these").hasSize(13);
            assertThat(data.train().origin().stored()).containsEntry("data.shows", "any number of classes");
            try (Batches batches = data.train().shuffled(16, 1, 0, 0)) {
                assertThat(((Shown.Several) batches.next().shown()).classes()).isEqualTo(3);
            }
        }
        DataSpec spec = TestImages.spec(list, 8);
        DataSpec balanced = new DataSpec(list, Optional.empty(), Optional.empty(), 0.2, spec.imageSize(), 7,
            new DataSpec.Care(0, 0.5, Optional.empty()));
        assertThatThrownBy(() -> ImageData.open(balanced, folder.resolve("cache"), DataProgress.NONE)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("data.balance: 0.5, with images that show several classes");
        Source one = new Source.FileList(Files.writeString(folder.resolve("one.csv"), "file,labels\na/000.png,even\na/001.png,third\n"), images,
            "file", "labels");
        DataSpec mixed = new DataSpec(list, Optional.of(one), Optional.empty(), 0.2, 8, 7);
        assertThatThrownBy(() -> ImageData.open(mixed, folder.resolve("cache"), DataProgress.NONE)).isInstanceOf(InputException.class)
            .hasMessageContaining("an image shows one class (expected: any number of classes, by a separator, as in ");
    }
}
