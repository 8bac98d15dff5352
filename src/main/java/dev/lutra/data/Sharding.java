package dev.lutra.data;

import dev.lutra.InputException;
import dev.lutra.data.pixel.PixelIndex;
import dev.lutra.data.pixel.PreparedImages;
import dev.lutra.data.pixel.PreparedSet;
import dev.lutra.data.pixel.Storage;
import dev.lutra.data.source.ListedFiles;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decodes a source into shards, a piece of work each, which any machine may do that sees its files. A shard that is there is whole, as it is
 * moved to its place when it is, and is not made again. Content and fingerprint are those of the same images decoded into one file.
 */
public final class Sharding {

    private static final Pattern SHARD = Pattern.compile("\\.?shard-\\d{5,}-[0-9a-f]{16}\\.pixels.*");
    private static final int NAMED = 16;

    private final Listing.Role role;
    private final String source;
    private final DataSpec spec;
    private final Listing listing;
    private final String fingerprint;
    private final String address;
    private final Storage storage;
    private final int perShard;
    private final List<ShardWork> all;
    private final List<ShardWork> left;
    private final Content content;
    private final Set<Integer> made = new HashSet<>();
    private final List<PreparedImages.Seen> seen = new ArrayList<>();

    private Sharding(Listing.Role role, Source source, DataSpec spec, Listing listing, String key, String address, int perShard) throws IOException {
        this.role = role;
        this.source = source.toString();
        this.spec = spec;
        this.listing = listing;
        this.address = address;
        this.perShard = perShard;
        storage = Storage.of(address);
        fingerprint = new PixelFileWriter(listing, StoredSize.of(spec.imageSize()), this.source, key, 0, DataProgress.NONE).fingerprint();
        all = IntStream.range(0, (listing.size() + perShard - 1) / perShard).mapToObj(shard -> work(shard, key)).toList();
        content = Content.of(listing);
        Set<String> there = storage.names();
        left = all.stream().filter(work -> !there.contains(work.name())).toList();
    }

    /**
     * Looks at the sources of a data set, and at what of them has been decoded. Nothing is written.
     *
     * @param address where the images go: a folder or an address, in which each source gets a folder of its own, by its word in an experiment
     * @param perShard how many images a shard has
     * @throws InputException if a source is missing, or its images are no files of their own
     */
    public static Map<Listing.Role, Sharding> of(DataSpec spec, String address, int perShard, DataProgress progress) {
        try {
            Map<Listing.Role, Source> sources = ImageData.sources(spec);
            Map<Listing.Role, Sharding> shardings = new EnumMap<>(Listing.Role.class);
            for (Map.Entry<Listing.Role, Listing> each : ImageData.listings(sources, spec, progress).entrySet()) {
                Source source = sources.get(each.getKey());
                if (each.getValue().part(0, 0).isEmpty()) {
                    throw new InputException("data." + each.getKey().key() + ": " + source
                        + ": no files of images (expected: a folder, or a list of files)");
                }
                shardings.put(each.getKey(),
                    new Sharding(each.getKey(), source, spec, each.getValue(), ImageData.cacheKey(source, each.getKey(), spec),
                        address + (address.endsWith("/") ? "" : "/") + each.getKey().key(), perShard));
            }
            return shardings;
        } catch (IOException e) {
            throw ImageData.trouble(e);
        }
    }

    private ShardWork work(int shard, String key) {
        ListedFiles images = listing.part(shard * perShard, Math.min(listing.size(), (shard + 1) * perShard)).orElseThrow();
        String made = ShardWork.writer(images, spec.imageSize(), key).fingerprint();
        return new ShardWork(shard, address, "shard-%05d-%s.pixels".formatted(shard, made.substring(0, NAMED)), images, spec.imageSize(), key);
    }

    /** What the images are known by, as in an experiment. */
    public String source() {
        return source;
    }

    /** Where they are found when all is done. */
    public String address() {
        return address;
    }

    /** How many. */
    public int images() {
        return listing.size();
    }

    /** How many shards they make. */
    public int shards() {
        return all.size();
    }

    /** The shards that are not there yet. */
    public List<ShardWork> left() {
        return left;
    }

    /** How many images are decoded by now. */
    public int decoded() {
        return listing.size() - left.stream().filter(work -> !made.contains(work.number())).mapToInt(work -> work.images().size()).sum();
    }

    /**
     * Takes note of a shard that is there now. Those that follow each other are read while others are still made.
     *
     * @param number of the shard
     */
    public void made(int number) {
        made.add(number);
        read();
    }

    private void read() {
        Set<Integer> missing = left.stream().map(ShardWork::number).filter(number -> !made.contains(number)).collect(Collectors.toSet());
        try {
            while (seen.size() < all.size() && !missing.contains(seen.size())) {
                ShardWork next = all.get(seen.size());
                seen.add(PreparedImages.see(storage, next.name(), next.images().size(), content.digest()));
            }
        } catch (IOException e) {
            throw ImageData.trouble(e);
        }
    }

    /**
     * Makes the shards that are all there one set, and removes what earlier sets had that is no part of it.
     *
     * @return what the images follow from
     * @throws InputException if more images are damaged than {@code data.corrupt} allows; the shards stay for when it allows more, or the images are
     *     replaced
     */
    public Prepared finish() {
        try {
            Optional<PreparedSet> earlier = left.isEmpty() ? PreparedSet.read(storage) : Optional.empty();
            PreparedSet set = earlier.filter(this::isOfThese).isPresent() ? earlier.get() : written();
            Unread unread = new Unread(source, listing.size(), spec.care().corrupt());
            unread.damaged().putAll(set.missing());
            unread.requireEnough();
            return new Prepared(role, address, listing.size(), all.size(), left.size(), List.copyOf(set.missing().values()),
                set.contentHash());
        } catch (IOException e) {
            throw ImageData.trouble(e);
        }
    }

    /**
     * A source that is prepared.
     *
     * @param made how many shards were not there before
     * @param missing why images could not be read
     * @param content what weights and accuracies remember of the images
     */
    public record Prepared(Listing.Role role, String address, int images, int shards, int made, List<String> missing, String content) {}

    /** Groups are of the set alone: shards, which a fingerprint is of, do not know them. */
    private boolean isOfThese(PreparedSet earlier) {
        return earlier.fingerprint().equals(fingerprint) && earlier.shards().size() == all.size()
            && earlier.showsSeveral() == listing.showsSeveral()
            && IntStream.range(0, listing.size()).allMatch(image -> earlier.images().get(image).group().equals(listing.group(image)));
    }

    private PreparedSet written() throws IOException {
        read();
        SortedMap<Integer, String> missing = new TreeMap<>();
        List<PreparedSet.Image> images = new ArrayList<>();
        for (PreparedImages.Seen shard : seen) {
            int first = images.size();
            shard.index().missing().forEach((image, reason) -> missing.put(first + image, reason));
            for (PixelIndex.Image image : shard.index().images()) {
                int number = images.size();
                images.add(new PreparedSet.Image(listing.name(number), listing.bytes(number), listing.labels(number), listing.group(number),
                    image.width(), image.height()));
            }
        }
        Unread unread = new Unread(source, listing.size(), spec.care().corrupt());
        unread.damaged().putAll(missing);
        unread.requireEnough();
        PreparedSet set = new PreparedSet(fingerprint, content.end(missing.keySet()), spec.imageSize(), List.copyOf(listing.classes()),
            listing.showsSeveral(), images, seen.stream().map(PreparedImages.Seen::shard).toList(), missing);
        set.write(storage);
        Set<String> parts = set.shards().stream().map(PreparedSet.Shard::name).collect(Collectors.toSet());
        for (String name : storage.names()) {
            if (SHARD.matcher(name).matches() && !parts.contains(name)) {
                storage.delete(name);
            }
        }
        return set;
    }
}
