package dev.lutra.search.lutra;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The most promising of many prospects, equally many from every part of the range of costs. */
final class Shortlist {

    private static final int SIZE = 1000;
    private static final int PARTS = 20;

    private Shortlist() {}

    /**
     * @param promise of each prospect, more is better
     * @return the most promising, best first within each part of the range
     */
    static List<Prospect> of(List<Prospect> prospects, double[] promise) {
        if (prospects.size() <= SIZE) {
            return prospects;
        }
        List<Integer> byLevel = IntStream.range(0, prospects.size()).boxed()
            .sorted(Comparator.comparingDouble(i -> prospects.get(i).level())).toList();
        List<Prospect> chosen = new ArrayList<>();
        for (int part = 0; part < PARTS; part++) {
            int from = (int) ((long) part * byLevel.size() / PARTS);
            int to = (int) ((long) (part + 1) * byLevel.size() / PARTS);
            byLevel.subList(from, to).stream().sorted(Comparator.comparingDouble(i -> -promise[i])).limit(SIZE / PARTS)
                .forEach(i -> chosen.add(prospects.get(i)));
        }
        return chosen;
    }
}
