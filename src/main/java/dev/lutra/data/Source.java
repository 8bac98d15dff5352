package dev.lutra.data;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where labelled images come from. */
public sealed interface Source {

    /** A folder with one sub-folder of JPEG or PNG files a class. */
    record Folder(Path path) implements Source {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * The binary version of CIFAR-10 (Krizhevsky 2009): {@code data_batch_*.bin} where training images are asked for,
     * {@code test_batch.bin} where validation or test images are.
     */
    record CifarBinary(Path path) implements Source {
        @Override
        public String toString() {
            return "cifar10:" + path;
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
     * Reads {@code synthetic}, {@code synthetic:10x500} (classes × images a class), {@code cifar10:FOLDER} or a folder.
     * A folder that contains {@code data_batch_1.bin} is CIFAR-10 binary.
     *
     * @param baseFolder what relative paths are relative to
     * @throws InputException if the text is none of these
     */
    static Source parse(String text, Path baseFolder) {
        if (text.equals("synthetic")) {
            return Synthetic.DEFAULT;
        }
        if (text.startsWith("synthetic:")) {
            Matcher size = Pattern.compile("synthetic:(\\d{1,9})x(\\d{1,9})").matcher(text);
            if (!size.matches()) {
                throw new InputException(text + ": not a synthetic set (expected: synthetic:CLASSESxIMAGES, such as "
                    + Synthetic.DEFAULT + ")");
            }
            return new Synthetic(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
        }
        if (text.startsWith("cifar10:")) {
            return new CifarBinary(baseFolder.resolve(text.substring("cifar10:".length())));
        }
        if (text.isBlank()) {
            throw new InputException("'" + text + "': not a source of images (expected: synthetic, cifar10:FOLDER or a folder)");
        }
        Path folder = baseFolder.resolve(text);
        return Files.exists(folder.resolve("data_batch_1.bin")) ? new CifarBinary(folder) : new Folder(folder);
    }
}
