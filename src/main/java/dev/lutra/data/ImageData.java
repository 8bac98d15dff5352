package dev.lutra.data;

import dev.lutra.Draws;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.pixel.DecodedImages;
import dev.lutra.data.pixel.PreparedImages;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.PreparedListing;
import dev.lutra.data.source.Source;
import dev.lutra.identity.NamedValues;
import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Decoded images, split for training, validation and test. */
public final class ImageData implements AutoCloseable {

    private static final long SPLIT = 4;
    /** Of the largest class to the smallest, from which on they count as unequal. */
    private static final int UNEQUAL = 2;
    /** How many classes an image shows, in the words of {@link #origin}. */
    private static final String ONE = "one class";
    private static final String SEVERAL = "any number of classes";

    private final List<String> classes;
    private final Normalization normalization;
    private final StoredSize size;
    private final ExecutorService executor;
    private final Split train;
    private final Split validation;
    private final Optional<Split> test;

    private ImageData(DataSpec spec, Map<Listing.Role, Listing> listings, Map<Listing.Role, DecodedImages> files) {
        Listing listing = listings.get(Listing.Role.TRAIN);
        DecodedImages trainFile = files.get(Listing.Role.TRAIN);
        boolean shared = spec.validation().isEmpty();
        List<int[]> perClass = perClass(listing, trainFile, spec.seed());
        UnaryOperator<List<int[]>> held = heldBack(spec, listing, trainFile);
        int[] trainItems = spread(shared ? without(perClass, held.apply(perClass)) : perClass);

        classes = spec.care().names().shown(listing.classes());
        normalization = Normalization.of(trainFile, trainItems);
        // half the processors prepare images; training needs the others
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        executor = Executors.newFixedThreadPool(threads, Threads.named("lutra-data"));
        BatchLoader.Workers workers = new BatchLoader.Workers(executor, threads);
        size = StoredSize.of(spec.imageSize());
        BatchLoader loader = new BatchLoader(trainFile, shown(listing), size, normalization, workers);
        NamedValues origin = origin(spec, trainFile, listing);
        train = new Split("train", loader, trainItems, trainOrigin(origin, spec), spec.care().balance());
        validation = shared
            ? new Split("validate", loader, spread(held.apply(perClass)), origin, 0)
            : heldOut("validate", Listing.Role.VALIDATION, listings, files, spec, workers);
        test = spec.test().map(source -> heldOut("test", Listing.Role.TEST, listings, files, spec, workers));
    }

    /** What the training images and their order follow from, with the share of them that is held back to validate. */
    private static NamedValues origin(DataSpec spec, DecodedImages trainFile, Listing listing) {
        NamedValues.Builder origin = NamedValues.builder()
            .put("data.train", trainFile.contentHash()).put("image-size", spec.imageSize().toString()).put("data.seed", spec.seed());
        origin.putLater("data.shows", listing.showsSeveral() ? SEVERAL : ONE, ONE);
        if (spec.validation().isEmpty()) {
            origin.put("data.validation-share", spec.validationShare());
            if (GroupedSplit.has(listing)) {
                origin.put("data.groups", GroupedSplit.content(listing));
            }
        }
        return origin.build();
    }

    /** Further what the order of training images follows from. */
    private static NamedValues trainOrigin(NamedValues origin, DataSpec spec) {
        NamedValues.Builder more = NamedValues.builder().putAll(origin);
        if (spec.care().balance() != 0) {
            more.put("data.balance", spec.care().balance());
        }
        return more.build();
    }

    private Split heldOut(String name, Listing.Role role, Map<Listing.Role, Listing> listings,
        Map<Listing.Role, DecodedImages> files, DataSpec spec, BatchLoader.Workers workers) {
        Listing listing = listings.get(role);
        BatchLoader loader = new BatchLoader(files.get(role), shown(listing), StoredSize.of(spec.imageSize()),
            normalization, workers);
        NamedValues origin = NamedValues.builder().putAll(origin(spec, files.get(Listing.Role.TRAIN), listings.get(Listing.Role.TRAIN)))
            .put("data." + role.key(), files.get(role).contentHash()).build();
        return new Split(name, loader, spread(perClass(listing, files.get(role), spec.seed())), origin, 0);
    }

    /**
     * Decodes what was not decoded before, in parallel, and splits. All sources are looked at before any image is decoded.
     *
     * @param cacheFolder where decoded images are kept; made if it is not there
     * @throws InputException if a source is missing, empty, damaged or does not match the others
     * @throws UncheckedIOException if reading or writing fails for another reason
     */
    public static ImageData open(DataSpec spec, Path cacheFolder, DataProgress progress) {
        try {
            Map<Listing.Role, Source> sources = sources(spec);
            Map<Listing.Role, Listing> listings = listings(sources, spec, progress);
            Map<Listing.Role, DecodedImages> files = new EnumMap<>(Listing.Role.class);
            for (Listing.Role role : sources.keySet()) {
                String name = sources.get(role).toString();
                DecodedImages file = listings.get(role) instanceof PreparedListing prepared
                    ? prepared(prepared, name, spec, cacheFolder, progress)
                    : new PixelFileWriter(listings.get(role), StoredSize.of(spec.imageSize()), name,
                        cacheKey(sources.get(role), role, spec), spec.care().corrupt(), progress).openOrWrite(cacheFolder);
                if (!file.missing().isEmpty()) {
                    progress.skipped(name, List.copyOf(file.missing().values()), listings.get(role).size());
                }
                files.put(role, file);
            }
            Listing train = listings.get(Listing.Role.TRAIN);
            requireSplittable(spec, train, files.get(Listing.Role.TRAIN).missing().keySet());
            if (!train.showsSeveral()) {
                tellUnequal(spec, train, progress);
            }
            return new ImageData(spec, listings, files);
        } catch (IOException e) {
            throw trouble(e);
        }
    }

    private static DecodedImages prepared(PreparedListing listing, String name, DataSpec spec, Path cacheFolder, DataProgress progress)
        throws IOException {
        if (!listing.set().size().equals(spec.imageSize())) {
            throw new InputException(name + ": prepared for images of " + listing.set().size() + " (expected: of " + spec.imageSize()
                + ", by lutra prepare)");
        }
        Unread unread = new Unread(name, listing.size(), spec.care().corrupt());
        unread.damaged().putAll(listing.set().missing());
        unread.requireEnough();
        return PreparedImages.open(listing.storage(), listing.set(), cacheFolder, done -> progress.fetched(name, done, listing.size()));
    }

    static Map<Listing.Role, Source> sources(DataSpec spec) {
        Map<Listing.Role, Source> sources = new EnumMap<>(Listing.Role.class);
        sources.put(Listing.Role.TRAIN, spec.train());
        spec.validation().ifPresent(source -> sources.put(Listing.Role.VALIDATION, source));
        spec.test().ifPresent(source -> sources.put(Listing.Role.TEST, source));
        return sources;
    }

    /** Looks at all of them; what cannot go together is told. */
    static Map<Listing.Role, Listing> listings(Map<Listing.Role, Source> sources, DataSpec spec, DataProgress progress)
        throws IOException {
        Map<Listing.Role, Listing> listings = new EnumMap<>(Listing.Role.class);
        for (Listing.Role role : sources.keySet()) {
            Source source = sources.get(role);
            Listing listing = Listing.of(source, reading(role, spec,
                Optional.ofNullable(listings.get(Listing.Role.TRAIN)).map(Listing::classes)));
            listing.leftOut().ifPresent(what -> progress.passedOver(source.toString(), what));
            listings.put(role, listing);
            requireSameClasses(spec.train(), listings.get(Listing.Role.TRAIN), source, listing);
        }
        requireSplittable(spec, listings.get(Listing.Role.TRAIN), Set.of());
        GroupedSplit.requireApart(sources, listings);
        return listings;
    }

    static Listing.Reading reading(Listing.Role role, DataSpec spec, Optional<List<String>> classes) {
        return new Listing.Reading(role, classes, spec.care().names(), StoredSize.of(spec.imageSize()).drawn(), spec.seed());
    }

    private static void tellUnequal(DataSpec spec, Listing listing, DataProgress progress) {
        int[] counts = counts(listing, Set.of());
        List<Integer> bySize = IntStream.range(0, counts.length).boxed().sorted(Comparator.comparing(label -> counts[label])).toList();
        int smallest = bySize.get(0);
        int largest = bySize.get(counts.length - 1);
        if (counts[largest] >= UNEQUAL * counts[smallest]) {
            List<String> names = spec.care().names().shown(listing.classes());
            progress.unequal(spec.train().toString(), new DataProgress.ClassSize(names.get(smallest), counts[smallest]),
                new DataProgress.ClassSize(names.get(largest), counts[largest]), spec.care().balance());
        }
    }

    /**
     * Class names of the training images, without any of them being decoded.
     *
     * @throws InputException if there are none
     */
    public static List<String> classes(DataSpec spec) {
        try {
            return spec.care().names().shown(
                Listing.of(spec.train(), reading(Listing.Role.TRAIN, spec, Optional.empty())).classes());
        } catch (IOException e) {
            throw trouble(e);
        }
    }

    /** Images to train on. */
    public Split train() {
        return train;
    }

    /** Images by which a search may judge. */
    public Split validation() {
        return validation;
    }

    /** Images for the last word only; never part of the others. */
    public Optional<Split> test() {
        return test;
    }

    /**
     * Class names for people; a label is an index into it. They are in the order of the classes' own names, sorted by their characters, as
     * by most tools that read such folders: {@code 10} comes before {@code 2}.
     */
    public List<String> classes() {
        return classes;
    }

    /** Whether an image may show any number of the classes, and not one each. */
    public boolean showsSeveral() {
        return train.shown() instanceof Shown.Several;
    }

    /** Of the training images. */
    public Normalization normalization() {
        return normalization;
    }

    /** How an image becomes input for evaluation, before its normalisation, in words. */
    public String preparation() {
        return size.preparation();
    }

    /** What to tell of images that cannot be read: a file or folder that was given, or trouble of the disk. */
    static RuntimeException trouble(IOException e) {
        return e instanceof FileSystemException known && known.getFile() != null
            ? InputFile.unreadable(Path.of(known.getFile()), e)
            : new UncheckedIOException("images: " + FileTrouble.reason(e), e);
    }

    /** Ends the background threads; batches that were not read to their end cannot be continued. */
    @Override
    public void close() {
        executor.shutdown();
    }

    /** @throws InputException if a source has other classes than that of the training images */
    static void requireSameClasses(Source train, Listing ofTrainSource, Source source, Listing listing) {
        if (listing.showsSeveral() != ofTrainSource.showsSeveral()) {
            throw new InputException(source + ": an image shows " + (listing.showsSeveral() ? SEVERAL : ONE) + " (expected: "
                + (listing.showsSeveral() ? ONE : SEVERAL + ", by a separator") + ", as in " + train + ")");
        }
        List<String> expected = ofTrainSource.classes();
        List<String> found = listing.classes();
        String ofTrain = " (expected: the classes of " + train + ")";
        for (String name : expected) {
            if (!found.contains(name)) {
                throw new InputException(source + ": no class " + name + ofTrain);
            }
        }
        for (String name : found) {
            if (!expected.contains(name)) {
                throw new InputException(source + ": class " + name + " is new" + ofTrain);
            }
        }
    }

    private static int[] counts(Listing listing, Set<Integer> missing) {
        int[] counts = new int[listing.classes().size()];
        for (int i = 0; i < listing.size(); i++) {
            for (int label : listing.labels(i)) {
                counts[label] += missing.contains(i) ? 0 : 1;
            }
        }
        return counts;
    }

    /** @throws InputException if a class has too few images */
    static void requireSplittable(DataSpec spec, Listing listing, Set<Integer> missing) {
        if (listing.showsSeveral() && spec.care().balance() > 0) {
            throw new InputException("data.balance: " + spec.care().balance() + ", with images that show several classes, none of which can be "
                + "drawn by itself (expected: 0)");
        }
        int needed = spec.validation().isPresent() ? 1 : 2;
        int[] counts = counts(listing, missing);
        for (int label = 0; label < counts.length; label++) {
            if (counts[label] < needed) {
                throw new InputException(listing.describeClass(label) + ": " + counts[label] + (counts[label] == 1
                    ? " image"
                    : " images") + (missing.isEmpty() ? "" : " that can be read") + " (expected: at least " + needed
                    + (needed == 2 ? ", one of them to validate with)" : ")"));
            }
        }
    }

    static String cacheKey(Source source, Listing.Role role, DataSpec spec) throws IOException {
        String images;
        if (source instanceof Source.Folder folder) {
            images = "folder " + folder.path().toRealPath();
        } else if (source instanceof Source.CifarBinary cifar) {
            images = cifar.version().name().toLowerCase(Locale.ROOT) + (role == Listing.Role.TRAIN ? " train " : " test ")
                + cifar.path().toRealPath();
        } else if (source instanceof Source.FileList list) {
            images = "list " + list.list().toRealPath() + " of " + list.folder().toRealPath();
        } else {
            images = source + " " + role + " " + spec.seed();
        }
        return images + " for " + spec.imageSize();
    }

    private static int[] labels(Listing listing) {
        return IntStream.range(0, listing.size()).map(listing::label).toArray();
    }

    private static Shown shown(Listing listing) {
        return listing.showsSeveral()
            ? new Shown.Several(listing.classes().size(), IntStream.range(0, listing.size()).mapToObj(listing::labels).toArray(int[][]::new))
            : new Shown.One(labels(listing));
    }

    /** Images of each class that could be read, shuffled; together where one may be of several. */
    private static List<int[]> perClass(Listing listing, DecodedImages file, long seed) {
        List<int[]> perClass = new ArrayList<>();
        if (listing.showsSeveral()) {
            int[] images = IntStream.range(0, listing.size()).filter(i -> file.width(i) > 0).toArray();
            Draws.shuffle(images, Draws.at(SPLIT, seed, 0));
            perClass.add(images);
            return perClass;
        }
        int[] labels = labels(listing);
        for (int label = 0; label < listing.classes().size(); label++) {
            int wanted = label;
            int[] images = IntStream.range(0, labels.length).filter(i -> labels[i] == wanted && file.width(i) > 0).toArray();
            Draws.shuffle(images, Draws.at(SPLIT, seed, label));
            perClass.add(images);
        }
        return perClass;
    }

    /**
     * What of the classes' images is held back to validate: a share of every class, or groups that together have as much. Each image is a
     * group where it may show several classes and no others are named.
     */
    private static UnaryOperator<List<int[]>> heldBack(DataSpec spec, Listing listing, DecodedImages file) {
        if (!GroupedSplit.has(listing) && !listing.showsSeveral() || spec.validation().isPresent()) {
            return perClass -> perClass.stream().map(images -> part(images, spec.validationShare())).toList();
        }
        Set<String> groups = GroupedSplit.validating(listing, image -> file.width(image) > 0, spec.validationShare(), spec.seed());
        return perClass -> perClass.stream().map(images -> IntStream.of(images)
            .filter(image -> groups.contains(GroupedSplit.group(listing, image))).toArray()).toList();
    }

    /** The first images, at least one of them and at most all but one. */
    private static int[] part(int[] images, double share) {
        return Arrays.copyOf(images, (int) Math.max(1, Math.min(images.length - 1, Math.round(images.length * share))));
    }

    /** What is not held back, in the same order. */
    private static List<int[]> without(List<int[]> perClass, List<int[]> held) {
        return IntStream.range(0, perClass.size()).mapToObj(label -> {
            Set<Integer> away = IntStream.of(held.get(label)).boxed().collect(Collectors.toSet());
            return IntStream.of(perClass.get(label)).filter(image -> !away.contains(image)).toArray();
        }).toList();
    }

    /** All images in an order in which every class is spread evenly: image k of n of a class goes to (k + ½) / n. */
    private static int[] spread(List<int[]> perClass) {
        record Placed(int image, double place) {}

        return perClass.stream()
            .flatMap(images -> IntStream.range(0, images.length)
                .mapToObj(k -> new Placed(images[k], (k + 0.5) / images.length)))
            .sorted(Comparator.comparingDouble(Placed::place)) // stable: equal places keep the order of the classes
            .mapToInt(Placed::image).toArray();
    }
}
