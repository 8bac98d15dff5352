package dev.lutra.data;

import dev.lutra.InputException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Why images of a source could not be read, and whether enough of them could. */
final class Unread {

    /** So many images that cannot be read are named, the rest is counted. */
    private static final int MOST_NAMED = 100;

    private final String sourceName;
    private final int images;
    private final double corruptShare;
    private final SortedMap<Integer, String> damaged = new TreeMap<>();
    private final SortedMap<Integer, String> now = new TreeMap<>();

    /**
     * @param images of the source
     * @param corruptShare share of them, 0 to 1, that may be damaged, and are then left out
     */
    Unread(String sourceName, int images, double corruptShare) {
        this.sourceName = sourceName;
        this.images = images;
        this.corruptShare = corruptShare;
    }

    /** By number, what images will be the next time too. */
    SortedMap<Integer, String> damaged() {
        return damaged;
    }

    /** By number, a reason that may be another the next time. */
    SortedMap<Integer, String> now() {
        return now;
    }

    SortedMap<Integer, String> all() {
        SortedMap<Integer, String> all = new TreeMap<>(damaged);
        all.putAll(now);
        return all;
    }

    int most() {
        return (int) (corruptShare * images);
    }

    boolean isEnough() {
        return now.isEmpty() && damaged.size() <= most();
    }

    /**
     * What is learned must not depend on trouble that passes: images that only that kept away would be others after it.
     *
     * @throws InputException naming the images, if more are damaged than may be, or one is kept from being read by what passes
     */
    void requireEnough() {
        if (isEnough()) {
            return;
        }
        boolean onlyNow = damaged.size() <= most() && corruptShare > 0;
        List<String> reasons = List.copyOf((onlyNow ? now : all()).values());
        if (reasons.size() == 1 && corruptShare == 0) {
            throw new InputException(reasons.get(0));
        }
        String expected = onlyNow
            ? " now (expected: damaged ones, which data.corrupt leaves out, and no others)"
            : corruptShare > 0 ? " (expected: at most " + most() + ", by data.corrupt)" : "";
        int named = Math.min(MOST_NAMED, reasons.size());
        throw new InputException(sourceName + ": " + reasons.size() + " of " + images + " images cannot be read" + expected + ": "
            + String.join("; ", reasons.subList(0, named))
            + (named < reasons.size() ? "; and " + (reasons.size() - named) + " more" : ""));
    }
}
