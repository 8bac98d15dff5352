package dev.lutra.server.cli.space;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.space.Header;
import dev.lutra.space.SearchSpace;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What goes into the networks of a space and what comes out of them, where that is not what the space says. */
public final class ShapeOptions {

    private static final String CLASSES = "--classes";
    private static final String IMAGE_SIZE = "--image-size";

    @Option(names = CLASSES, paramLabel = "N", description = "Outputs of the network (default: the space's own).")
    private Optional<Integer> classes = Optional.empty();

    @Option(names = IMAGE_SIZE, paramLabel = "N|HxW", description = "Side of the images in pixels, or height by width, as 96x160 (default: the space's own).")
    private Optional<String> imageSize = Optional.empty();

    /** One of them that was given, as it is called. */
    public Optional<String> given() {
        return imageSize.isPresent() ? Optional.of(IMAGE_SIZE) : classes.map(number -> CLASSES);
    }

    /** @throws InputException if a space cannot have them */
    public SearchSpace applyTo(SearchSpace space) {
        requireWithin(CLASSES, classes, Header.MOST_CLASSES);
        SearchSpace sized = imageSize.map(ShapeOptions::size).map(space::withImageSize).orElse(space);
        return classes.isPresent() ? sized.withClasses(classes.get()) : sized;
    }

    private static ImageSize size(String text) {
        return ImageSize.parse(text, 1, Header.MOST_SIZE).orElseThrow(() -> new InputException(IMAGE_SIZE + ": " + text + " (expected: 1 to "
            + Header.MOST_SIZE + ", or height x width as 96x160)"));
    }

    private static void requireWithin(String option, Optional<Integer> given, int most) {
        given.filter(number -> number < 1 || number > most).ifPresent(number -> {
            throw new InputException(option + ": " + number + " (expected: 1 to " + most + ")");
        });
    }
}
