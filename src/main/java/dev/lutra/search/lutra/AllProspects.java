package dev.lutra.search.lutra;

import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.TableSpace;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Every architecture of a small space, or of a table, that keeps the constraints. */
final class AllProspects implements Prospects {

    private static final BigInteger MOST = BigInteger.valueOf(1 << 15);

    private final List<Prospect> all;

    AllProspects(Judge judge) {
        Collection<Architecture> architectures = judge.evaluator().space() instanceof TableSpace table
            ? table.rows()
            : architectures(judge.evaluator().options());
        all = architectures.stream().map(judge::prospect).flatMap(Optional::stream).toList();
    }

    static boolean isSmall(Judge judge) {
        return judge.evaluator().space() instanceof TableSpace || size(judge.evaluator().options()).compareTo(MOST) <= 0;
    }

    private static BigInteger size(Options options) {
        return IntStream.range(0, options.genes().genes().size()).mapToObj(gene -> BigInteger.valueOf(options.of(gene).length))
            .reduce(BigInteger.ONE, BigInteger::multiply);
    }

    private static Set<Architecture> architectures(Options options) {
        List<int[]> prefixes = List.of(new int[0]);
        for (int gene = 0; gene < options.genes().genes().size(); gene++) {
            List<int[]> longer = new ArrayList<>();
            for (int[] prefix : prefixes) {
                for (int option : options.of(gene)) {
                    longer.add(IntStream.concat(IntStream.of(prefix), IntStream.of(option)).toArray());
                }
            }
            prefixes = longer;
        }
        Set<Architecture> all = new LinkedHashSet<>();
        prefixes.forEach(values -> all.add(options.nearest(values)));
        return all;
    }

    @Override
    public List<Prospect> first() {
        return all;
    }

    @Override
    public List<Prospect> next(List<Prospect> evaluated, Set<Architecture> proposed, Function<List<Prospect>, double[]> promise) {
        List<Prospect> left = all.stream().filter(prospect -> !proposed.contains(prospect.architecture())).toList();
        return Shortlist.of(left, promise.apply(left));
    }
}
