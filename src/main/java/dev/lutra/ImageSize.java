package dev.lutra;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Extents in pixels of the images that a network takes. Their text is one number where they are square, {@code 224}, and else height by
 * width, {@code 96x160}: what files and commands take, and what fingerprints have.
 */
public record ImageSize(int height, int width) implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(?:x(\\d{1,9}))?");

    public ImageSize {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(height + "x" + width + " (expected: at least 1x1)");
        }
    }

    /** Height and width alike. */
    public static ImageSize square(int side) {
        return new ImageSize(side, side);
    }

    /**
     * Reads a text.
     *
     * @return empty if it is none, or an extent is not within the bounds
     */
    public static Optional<ImageSize> parse(String text, int least, int most) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int height = Integer.parseInt(matcher.group(1));
        int width = matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2));
        return height < least || width < least || height > most || width > most ? Optional.empty() : Optional.of(new ImageSize(height, width));
    }

    public boolean isSquare() {
        return height == width;
    }

    /** Pixels of an image. */
    public int area() {
        return Math.multiplyExact(height, width);
    }

    @Override
    public String toString() {
        return isSquare() ? Integer.toString(height) : height + "x" + width;
    }
}
