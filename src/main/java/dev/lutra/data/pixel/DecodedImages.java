package dev.lutra.data.pixel;

import dev.lutra.data.image.RgbImage;
import java.util.SortedMap;

/** The images of a source, decoded, by their numbers in it. Safe for several threads at once. */
public interface DecodedImages {

    /** In pixels; 0 if the image could not be read. */
    int width(int image);

    /** In pixels; 0 if the image could not be read. */
    int height(int image);

    /** A copy of one image. */
    RgbImage read(int image);

    /** SHA-256 over names, sizes and labels of the source's images and over the stored pixels, however many files these lie in. */
    String contentHash();

    /** Why images could not be read, by their number; the others are there. */
    SortedMap<Integer, String> missing();
}
