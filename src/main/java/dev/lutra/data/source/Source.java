package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.data.pixel.PreparedSet;
import dev.lutra.data.pixel.Storage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where labelled images come from. */
public sealed interface Source {

    /** A folder with one sub-folder of JPEG or PNG files a class. */
    record Folder(Path path) implements Source {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /** The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009). */
    record CifarBinary(Path path, Version version) implements Source {

        /** How many classes it has, and by the file that no other set has, how it is told. */
        public enum Version {
            /** {@code data_batch_*.bin} to train on, {@code test_batch.bin} to validate and test on. */
            CIFAR10("cifar10:", "data_batch_1.bin"),
            /** {@code train.bin} to train on, {@code test.bin} to validate and test on; the fine classes. */
            CIFAR100("cifar100:", "fine_label_names.txt");

            private final String prefix;
            private final String mark;

            Version(String prefix, String mark) {
                this.prefix = prefix;
                this.mark = mark;
            }
        }

        @Override
        public String toString() {
            return version.prefix + path;
        }
    }

    /**
     * A list of image files with their classes: {@code .csv} or {@code .tsv} with a header, or {@code .txt} with a file and its class in
     * each line, or with the classes alone, of the folder's images in the order of their names.
     *
     * @param list the file
     * @param folder what the files in it are relative to
     * @param file column of the files, where there is a header
     * @param label column of the classes, where there is a header
     * @param group column of what images belong together by, such as a patient: all of them are on one side of a split; empty: each for itself
     * @param separator of the classes in a cell, of which an image may then show any number; empty: each shows one
     */
    record FileList(Path list, Path folder, String file, String label, Optional<String> group, Optional<String> separator) implements Source {

        /** Each image for itself, with one class. */
        public FileList(Path list, Path folder, String file, String label) {
            this(list, folder, file, label, Optional.empty(), Optional.empty());
        }

        /** Name of the column, unless another is said. */
        public static final String FILE = "file";
        /** Name of the column, unless another is said. */
        public static final String LABEL = "label";

        /** A list beside its files, with the usual columns. */
        public static FileList beside(Path list) {
            return new FileList(list, Optional.ofNullable(list.getParent()).orElse(Path.of("")), FILE, LABEL);
        }

        @Override
        public String toString() {
            return list.toString();
        }
    }

    /**
     * Images that {@code lutra prepare} has decoded.
     *
     * @param address a path, or with a scheme where they lie on another file system: {@code hdfs://host/imagenet/train}
     */
    record Prepared(String address) implements Source {
        @Override
        public String toString() {
            return address;
        }
    }

    /** Images that the program draws itself. Training, validation and test images differ. */
    record Synthetic(int classes, int imagesPerClass) implements Source {

        private static final Synthetic DEFAULT = new Synthetic(10, 500);

        public Synthetic {
            if (classes < 2 || classes > SyntheticImages.MAX_CLASSES) {
                throw new InputException("synthetic: " + classes + " classes (expected: 2 to "
                    + SyntheticImages.MAX_CLASSES + ")");
            }
            if (imagesPerClass < 1) {
                throw new InputException("synthetic: " + imagesPerClass + " images a class (expected: at least 1)");
            }
        }

        @Override
        public String toString() {
            return "synthetic:" + classes + "x" + imagesPerClass;
        }
    }

    /**
     * Reads {@code synthetic}, {@code synthetic:10x500} (classes × images a class), {@code cifar10:FOLDER}, {@code cifar100:FOLDER}, a
     * list by the ending of its name, an address, or a folder. A folder that contains {@code data_batch_1.bin} is CIFAR-10 binary, one with
     * {@code fine_label_names.txt} CIFAR-100; one with {@code prepared.images} and an address are prepared images.
     *
     * @param baseFolder what relative paths are relative to
     * @throws InputException if the text is none of these
     */
    static Source parse(String text, Path baseFolder) {
        if (text.equals("synthetic")) {
            return Synthetic.DEFAULT;
        }
        if (text.startsWith("synthetic:")) {
            return synthetic(text);
        }
        if (text.isBlank()) {
            throw new InputException("'" + text + "': not a source of images (expected: synthetic, cifar10:FOLDER, cifar100:FOLDER, a list "
                + "that ends in .csv, .tsv or .txt, or a folder)");
        }
        for (CifarBinary.Version version : CifarBinary.Version.values()) {
            if (text.startsWith(version.prefix)) {
                return new CifarBinary(baseFolder.resolve(text.substring(version.prefix.length())), version);
            }
        }
        if (Storage.isAddress(text)) {
            return new Prepared(text);
        }
        Path path = baseFolder.resolve(text);
        if (Files.exists(path.resolve(PreparedSet.NAME))) {
            return new Prepared(path.toString());
        }
        if (FileListing.isList(path) && !Files.isDirectory(path)) {
            return FileList.beside(path);
        }
        return Stream.of(CifarBinary.Version.values()).filter(version -> Files.exists(path.resolve(version.mark))).findFirst()
            .<Source>map(version -> new CifarBinary(path, version)).orElseGet(() -> new Folder(path));
    }

    private static Synthetic synthetic(String text) {
        Matcher size = Pattern.compile("synthetic:(\\d{1,9})x(\\d{1,9})").matcher(text);
        if (!size.matches()) {
            throw new InputException(text + ": not a synthetic set (expected: synthetic:CLASSESxIMAGES, such as "
                + Synthetic.DEFAULT + ")");
        }
        return new Synthetic(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
    }
}
