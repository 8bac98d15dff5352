package dev.lutra.data.source;

import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.pixel.PreparedImages;
import dev.lutra.data.pixel.PreparedSet;
import dev.lutra.data.pixel.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Images that have been decoded before, wherever that was: names, classes and groups are those of the source they come from. */
public record PreparedListing(Storage storage, PreparedSet set) implements Listing {

    static PreparedListing of(String address) throws IOException {
        Storage storage = Storage.of(address);
        return new PreparedListing(storage, PreparedSet.read(storage)
            .orElseThrow(() -> new InputException(storage + ": no " + PreparedSet.NAME + " (expected: images that lutra prepare has put there)")));
    }

    @Override
    public List<String> classes() {
        return set.classes();
    }

    @Override
    public int size() {
        return set.images().size();
    }

    @Override
    public String name(int image) {
        return set.images().get(image).name();
    }

    @Override
    public int label(int image) {
        return set.images().get(image).labels()[0];
    }

    @Override
    public boolean showsSeveral() {
        return set.showsSeveral();
    }

    @Override
    public int[] labels(int image) {
        return set.images().get(image).labels();
    }

    @Override
    public Optional<String> group(int image) {
        return set.images().get(image).group();
    }

    @Override
    public long bytes(int image) {
        return set.images().get(image).bytes();
    }

    @Override
    public long modifiedMillis(int image) {
        return 0; // what was read then is what there is
    }

    /** As it is kept: of the size at which it was prepared. */
    @Override
    public RgbImage read(int image) throws IOException {
        String missing = set.missing().get(image);
        if (missing != null) {
            throw new InputException(missing);
        }
        return PreparedImages.read(storage, set, image);
    }

    @Override
    public String describeClass(int label) {
        return storage + ", class " + classes().get(label);
    }
}
