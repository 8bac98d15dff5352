package dev.lutra.data;

import dev.lutra.Draws;
import dev.lutra.InputException;
import dev.lutra.data.source.Listing;
import dev.lutra.data.source.Source;
import dev.lutra.proto.content.Sha256;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Images that belong together, as those of one patient or one site, on one side of every split: what is alike in them must not tell the
 * answer of images that are to judge.
 */
final class GroupedSplit {

    private static final long GROUPS = 5;

    private final Listing listing;
    /** Images of every class, by group. */
    private final Map<String, int[]> groups = new TreeMap<>();
    private final Map<String, Integer> sizes = new HashMap<>();
    private final int[] training;
    private final int[] validating;
    private final Set<String> chosen = new HashSet<>();

    private GroupedSplit(Listing listing, IntPredicate isThere) {
        this.listing = listing;
        int classes = listing.classes().size();
        training = new int[classes];
        validating = new int[classes];
        for (int image = 0; image < listing.size(); image++) {
            if (isThere.test(image)) {
                String group = group(listing, image);
                int[] counts = groups.computeIfAbsent(group, any -> new int[classes]);
                sizes.merge(group, 1, Integer::sum);
                for (int label : listing.labels(image)) {
                    counts[label]++;
                    training[label]++;
                }
            }
        }
    }

    /** Whether a source says what its images belong to. */
    static boolean has(Listing listing) {
        return listing.size() > 0 && listing.group(0).isPresent();
    }

    /** The group of an image, itself where its source names none. */
    static String group(Listing listing, int image) {
        return listing.group(image).orElseGet(() -> Integer.toString(image));
    }

    /** What the groups of a source are known by: which image is of which. */
    static String content(Listing listing) {
        StringBuilder text = new StringBuilder();
        IntStream.range(0, listing.size()).forEach(image -> text.append(listing.group(image).orElseThrow()).append('\n'));
        return Sha256.of(text.toString());
    }

    /**
     * The groups that validate: every class has images on both sides, and the share of the images comes as near to what is wanted as
     * groups, taken in an order drawn by the seed, allow.
     *
     * @param isThere whether an image can be read
     * @param share of the images that is to validate
     * @throws InputException if all images of a class are of one group, or no such groups are found
     */
    static Set<String> validating(Listing listing, IntPredicate isThere, double share, long seed) {
        return new GroupedSplit(listing, isThere).choose(share, seed);
    }

    private Set<String> choose(double share, long seed) {
        List<String> names = List.copyOf(groups.keySet());
        int[] order = IntStream.range(0, names.size()).toArray();
        Draws.shuffle(order, Draws.at(GROUPS, seed));
        List<String> drawn = IntStream.of(order).mapToObj(names::get).toList();
        List<Integer> rarest = IntStream.range(0, training.length).boxed().sorted(Comparator.comparingLong(label -> groups.values().stream()
            .filter(counts -> counts[label] > 0).count())).toList();
        for (int label : rarest) {
            if (validating[label] == 0) {
                take(drawn.stream().filter(group -> groups.get(group)[label] > 0 && leavesAllClasses(group)).min(Comparator.comparingInt(this::size))
                    .orElseThrow(() -> new InputException(listing.describeClass(label) + ": its images cannot be divided by groups (expected: at "
                        + "least two groups that have it, one of them to validate with)")));
            }
        }
        double wanted = share * sizes.values().stream().mapToInt(Integer::intValue).sum();
        int taken = chosen.stream().mapToInt(this::size).sum();
        for (String group : drawn) {
            if (!chosen.contains(group) && taken + size(group) / 2.0 <= wanted && leavesAllClasses(group)) {
                take(group);
                taken += size(group);
            }
        }
        return Set.copyOf(chosen);
    }

    private int size(String group) {
        return sizes.get(group);
    }

    /** Whether every class of a group that is taken away keeps an image to train on. */
    private boolean leavesAllClasses(String group) {
        int[] counts = groups.get(group);
        return IntStream.range(0, counts.length).allMatch(label -> counts[label] == 0 || training[label] > counts[label]);
    }

    private void take(String group) {
        chosen.add(group);
        int[] counts = groups.get(group);
        for (int label = 0; label < counts.length; label++) {
            training[label] -= counts[label];
            validating[label] += counts[label];
        }
    }

    /**
     * Makes sure that no group has images of two sources.
     *
     * @throws InputException naming one that has
     */
    static void requireApart(Map<Listing.Role, Source> sources, Map<Listing.Role, Listing> listings) {
        Map<String, Listing.Role> owners = new HashMap<>();
        for (Map.Entry<Listing.Role, Listing> each : new EnumMap<>(listings).entrySet()) {
            if (!has(each.getValue())) {
                continue;
            }
            Set<String> own = new HashSet<>();
            IntStream.range(0, each.getValue().size()).forEach(image -> own.add(each.getValue().group(image).orElseThrow()));
            for (String group : own.stream().sorted().toList()) {
                Listing.Role other = owners.putIfAbsent(group, each.getKey());
                if (other != null) {
                    throw new InputException(sources.get(each.getKey()) + ": group " + group + " is among the images of " + other.key()
                        + " too, " + sources.get(other) + " (expected: a group on one side only)");
                }
            }
        }
    }
}
