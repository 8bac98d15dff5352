package dev.lutra.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.TestImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileListingTest {

    private static final List<String> SYNSETS = List.of("n01440764", "n01443537", "n02012849", "n03126707");

    @TempDir
    Path temporary;

    @BeforeEach
    void layOutImages() throws IOException {
        for (int i = 0; i < 4; i++) {
            TestImages.write(TestImages.blocks(8, 8, i), temporary.resolve("val/ILSVRC2012_val_0000000" + i + ".png"));
        }
    }

    private Path list(String name, String... lines) throws IOException {
        return Files.writeString(temporary.resolve(name), String.join("\n", lines) + "\n");
    }

    private Listing read(Path list, Optional<List<String>> classes, ClassNames names) throws IOException {
        return Listing.of(new Source.FileList(list, temporary.resolve("val"), Source.FileList.FILE, Source.FileList.LABEL),
            new Listing.Reading(classes.isEmpty() ? Listing.Role.TRAIN : Listing.Role.VALIDATION, classes, names, ImageSize.square(8), 1));
    }

    private static List<String> classesOf(Listing listing) {
        return IntStream.range(0, listing.size()).mapToObj(i -> listing.classes().get(listing.label(i))).toList();
    }

    @Test
    void columnsOfATableAreFilesAndClasses() throws IOException {
        Path list = list("photos.csv", "file,label,by", "ILSVRC2012_val_00000000.png,\"roses, red\",me",
            "ILSVRC2012_val_00000002.png,asters,you");
        Listing listing = read(list, Optional.empty(), ClassNames.NONE);
        assertThat(listing.classes()).containsExactly("asters", "roses, red");
        assertThat(classesOf(listing)).containsExactly("roses, red", "asters");
        assertThat(listing.read(0).pixels()).isEqualTo(pixels(0));
        assertThat(listing.read(1).pixels()).isEqualTo(pixels(2));

        Path tabs = list("photos.tsv", "who\twhat", "ILSVRC2012_val_00000001.png\ta,b", "ILSVRC2012_val_00000002.png\tc");
        assertThat(classesOf(Listing.of(new Source.FileList(tabs, temporary.resolve("val"), "who", "what"),
            new Listing.Reading(Listing.Role.TRAIN, Optional.empty(), ClassNames.NONE, ImageSize.square(8), 1)))).containsExactly("a,b", "c");
    }

    private static byte[] pixels(int seed) {
        java.awt.image.BufferedImage image = TestImages.blocks(8, 8, seed);
        byte[] pixels = new byte[8 * 8 * 3];
        for (int i = 0; i < 64; i++) {
            int rgb = image.getRGB(i % 8, i / 8);
            pixels[3 * i] = (byte) (rgb >> 16);
            pixels[3 * i + 1] = (byte) (rgb >> 8);
            pixels[3 * i + 2] = (byte) rgb;
        }
        return pixels;
    }

    /** The validation set of ImageNet as it is published, in the four ways that its classes are told. */
    @Test
    void flatFilesTakeTheirClassesFromAList() throws IOException {
        List<String> expected = List.of("n02012849", "n01440764", "n03126707", "n01443537");
        String[] files = IntStream.range(0, 4).mapToObj(i -> "ILSVRC2012_val_0000000" + i + ".png").toArray(String[]::new);
        Optional<List<String>> classes = Optional.of(SYNSETS);

        Path numbers = list("val.txt", files[0] + " 2", files[1] + " 0", files[2] + " 3", files[3] + " 1");
        assertThat(classesOf(read(numbers, classes, ClassNames.NONE))).isEqualTo(expected);
        Path names = list("named.txt", files[0] + "\tn02012849", files[1] + "\tn01440764", files[2] + "\tn03126707", files[3] + "\tn01443537");
        assertThat(classesOf(read(names, classes, ClassNames.NONE))).isEqualTo(expected);
        Path alone = list("synsets.txt", "n02012849", "n01440764", "n03126707", "n01443537");
        assertThat(classesOf(read(alone, classes, ClassNames.NONE))).isEqualTo(expected);

        ClassNames kit = ClassNames.read(list("map_clsloc.txt", "n03126707 1 crane", "n01440764 2 tench", "n01443537 3 goldfish",
            "n02012849 4 crane"));
        Path truth = list("ILSVRC2012_validation_ground_truth.txt", "4", "2", "1", "3");
        assertThat(classesOf(read(truth, classes, kit))).isEqualTo(expected);
        assertThatThrownBy(() -> read(truth, classes, ClassNames.NONE)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(truth + ": numbers alone, which do not say whose order they count in");
    }

    /** Numbers that count from 0 beside classes called 1, 2 and 10: two of them would pass for names, and the third for a place in the order. */
    @Test
    void numbersThatAreNoNamesAreRefusedWhereNamesAreNumbers() throws IOException {
        Path list = list("val.txt", "ILSVRC2012_val_00000000.png 1", "ILSVRC2012_val_00000001.png 2", "ILSVRC2012_val_00000002.png 0");
        assertThatThrownBy(() -> read(list, Optional.of(List.of("1", "10", "2")), ClassNames.NONE)).isInstanceOf(InputException.class)
            .hasMessage(list + ":3: class 0 (expected: a class of the training images, some of which are called by numbers)");
    }

    @Test
    void classesAreShownByTheirNamesForPeople() throws IOException {
        ClassNames names = ClassNames.read(list("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca", "n01443537 goldfish",
            "n02012849 crane", "n03126707 crane", "n09999999 not among them"));
        assertThat(names.shown(SYNSETS)).containsExactly("tench, Tinca tinca", "goldfish", "crane (n02012849)", "crane (n03126707)");
        assertThat(names.numbered()).isEmpty();
        assertThat(ClassNames.read(list("kit.txt", "n01440764 1 tench", "n01443537 2 goldfish")).numbered())
            .isEqualTo(Map.of(1, "n01440764", 2, "n01443537"));
        List<String> alike = List.of("a", "b", "c", "p (q)", "q)", "r");
        ClassNames hostile = new ClassNames(Map.of("a", "crane", "b", "crane", "c", "crane (a)", "p (q)", "T", "q)", "T (p", "r", "T"), Map.of());
        assertThat(hostile.shown(alike)).as("whatever classes are called, nothing stands for two of them").doesNotHaveDuplicates()
            .contains("crane (a)", "crane (b)", "crane (a) (c)", "T (p");
        assertThatThrownBy(() -> names.shown(List.of("n0"))).isInstanceOf(InputException.class)
            .hasMessage("data.classes: no name for class n0 (expected: a line for each class)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "n01 a|n01|2: 'n01' alone (expected: a class, white space, and its name for people)",
        "n01 a|n01 b|2: n01 a second time (expected: a line a class)",
        "n01 7 a|n02 7 b|2: number 7 is that of n01 too (expected: different numbers)"})
    void mistakesInNamesAreToldWithTheirLine(String first, String second, String message) throws IOException {
        Path file = list("names.txt", first, second);
        assertThatThrownBy(() -> ClassNames.read(file)).isInstanceOf(InputException.class).hasMessage(file + ":" + message);
    }

    @Test
    void filesThatAreNotThereAreNamedAtOnce() throws IOException {
        Path list = list("gone.csv", "file,label", "a.png,a", "ILSVRC2012_val_00000000.png,b", "c.png,b");
        Path val = temporary.resolve("val");
        assertThatThrownBy(() -> read(list, Optional.empty(), ClassNames.NONE)).isInstanceOf(InputException.class)
            .hasMessage(list + ": 2 of 3 files cannot be read: line 2: " + val.resolve("a.png") + ": no such file; line 4: " + val.resolve("c.png")
                + ": no such file");
    }

    @Test
    void whatIsNoFileIsToldAsWhatItIs() throws Exception {
        Path pipe = temporary.resolve("val/pipe.png");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        Path directory = Files.createDirectory(temporary.resolve("val/folder.png"));
        for (String[] wrong : new String[][]{{pipe.toString(), "a pipe or a device (expected: a regular file)"},
            {directory.toString(), "a folder (expected: a file)"}}) {
            Path list = list("wrong.csv", "file,label", "ILSVRC2012_val_00000000.png,a", wrong[0] + ",b");
            assertThatThrownBy(() -> read(list, Optional.empty(), ClassNames.NONE)).isInstanceOf(InputException.class)
                .hasMessage(list + ":3: " + wrong[0] + ": " + wrong[1]);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "l.csv|file,label|a.png,n01440764|2: VAL/a.png: no such file",
        "l.csv|file,label|ILSVRC2012_val_00000000.png/a.png,n01440764"
            + "|2: VAL/ILSVRC2012_val_00000000.png/a.png: cannot be read: Not a directory (expected: a file)",
        "l.csv|file,class|a.png,x|1: no column label (expected: it among file, class)",
        "l.csv|file,label|ILSVRC2012_val_00000000.png,|2: an empty cell (expected: a file and its class)",
        "l.txt|ILSVRC2012_val_00000000.png a|b|2: 'b' (expected: a file and its class, as in the first line)",
        "l.txt|ILSVRC2012_val_00000000.png 4|ILSVRC2012_val_00000001.png 1"
            + "|1: class 4 (expected: a class of the training images, or its number from 0 in their order)",
        "l.txt|ILSVRC2012_val_00000000.png 0|./ILSVRC2012_val_00000000.png 1"
            + "|2: ./ILSVRC2012_val_00000000.png: stands in line 1 too (expected: every file once)"})
    void mistakesInListsAreToldWithTheirLine(String name, String first, String second, String message) throws IOException {
        Path list = list(name, first, second);
        assertThatThrownBy(() -> read(list, Optional.of(SYNSETS), ClassNames.NONE)).isInstanceOf(InputException.class)
            .hasMessage(list + ":" + message.replace("VAL", temporary.resolve("val").toString()));
    }

    @Test
    void countsOfClassesAndImagesMustAgree() throws IOException {
        Path list = list("three.txt", "a", "b", "a");
        assertThatThrownBy(() -> read(list, Optional.empty(), ClassNames.NONE)).isInstanceOf(InputException.class)
            .hasMessage(list + ": 3 classes (expected: 4, one for each image in " + temporary.resolve("val") + ")");
    }

    /** A folder to train on, flat files to validate with, and names: what an experiment on ImageNet has. */
    @Test
    void aFolderAndAListAreOneDataSet() throws IOException {
        TestImages.folder(temporary.resolve("train"), 8, 8, 3, 3);
        Path list = list("val.txt", "ILSVRC2012_val_00000000.png 1", "ILSVRC2012_val_00000001.png 0", "ILSVRC2012_val_00000002.png 1");
        Path names = list("names.txt", "a first letter", "b second letter");
        DataSpec spec = new DataSpec(new Source.Folder(temporary.resolve("train")),
            Optional.of(new Source.FileList(list, temporary.resolve("val"), "file", "label")), Optional.empty(), 0.1, ImageSize.square(8), 1,
            new DataSpec.Care(0, 0, Optional.of(names)));
        try (ImageData data = ImageData.open(spec, temporary.resolve("cache"), DataProgress.NONE)) {
            assertThat(data.classes()).containsExactly("first letter", "second letter");
            assertThat(data.train().size()).isEqualTo(6);
            assertThat(IntStream.of(TestImages.labels(data.validation())).sum()).isEqualTo(2);
        }
        assertThat(ImageData.classes(spec)).containsExactly("first letter", "second letter");
    }
}
