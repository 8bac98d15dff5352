package dev.lutra.data;

import dev.lutra.InputException;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What lies in the sources of a data set, without all of it being decoded. */
public final class ImageSurvey {

    private final DataSpec spec;
    private final Listing train;
    private final Optional<Listing> validation;
    private final Optional<Listing> test;

    private ImageSurvey(DataSpec spec) throws IOException {
        this.spec = spec;
        train = listing(Listing.Role.TRAIN, spec.train(), Optional.empty());
        ImageData.requireSplittable(spec, train, Set.of());
        validation = besides(Listing.Role.VALIDATION, spec.validation());
        test = besides(Listing.Role.TEST, spec.test());
    }

    private Optional<Listing> besides(Listing.Role role, Optional<Source> source) throws IOException {
        if (source.isEmpty()) {
            return Optional.empty();
        }
        Listing listing = listing(role, source.get(), Optional.of(train.classes()));
        ImageData.requireSameClasses(spec.train(), train, source.get(), listing);
        return Optional.of(listing);
    }

    private Listing listing(Listing.Role role, Source source, Optional<List<String>> classes) throws IOException {
        return Listing.of(source, new Listing.Reading(role, classes, spec.care().names(), StoredSize.of(spec.imageSize()).drawn(),
            spec.seed()));
    }

    /**
     * Looks at the names, sizes and classes of all files.
     *
     * @throws InputException if a source is missing or empty, has other classes than the training images, or a class has too few
     */
    public static ImageSurvey of(DataSpec spec) {
        try {
            return new ImageSurvey(spec);
        } catch (IOException e) {
            throw ImageData.trouble(e);
        }
    }

    /** Images of all sources. */
    public int images() {
        return train.size() + validation.map(Listing::size).orElse(0) + test.map(Listing::size).orElse(0);
    }

    /** Images to train on. */
    public int toTrain() {
        return train.size() - (validation.isPresent() ? 0 : held());
    }

    /** Images to validate with. */
    public int toValidate() {
        return validation.map(Listing::size).orElseGet(this::held);
    }

    /** Images to test with. */
    public int toTest() {
        return test.map(Listing::size).orElse(0);
    }

    private int held() {
        return (int) Math.round(train.size() * spec.validationShare());
    }

    /**
     * Decodes some images, spread over the training images; of those that are damaged, where some may be, it decodes the next that is not.
     *
     * @return bytes of each as it is kept
     * @throws InputException if more that come one after the other are damaged than may be
     */
    public List<Long> decode(int count) {
        List<Long> bytes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bytes.add(decodeFrom((int) ((long) i * train.size() / count)));
        }
        return bytes;
    }

    private long decodeFrom(int first) {
        InputException damaged = null;
        int mostDamaged = (int) (spec.care().corrupt() * train.size());
        for (int i = 0; i <= mostDamaged; i++) {
            try {
                return StoredSize.of(spec.imageSize()).fit(train.read((first + i) % train.size())).pixels().length;
            } catch (InputException e) {
                damaged = damaged == null ? e : damaged;
            } catch (IOException e) {
                throw ImageData.trouble(e);
            }
        }
        throw damaged;
    }
}
