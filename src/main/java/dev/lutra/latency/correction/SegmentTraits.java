package dev.lutra.latency.correction;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a segment has in common with others, read from its signature (see {@link dev.lutra.network.Segment#signature}): the kinds
 * of its ops, the order they come in, and its size. A signature that is missing or of another form gives a segment that is
 * like no other.
 *
 * @param ops how often each kind of op occurs; shapes left out, depthwise convolutions of any width being one kind
 * @param family the kinds in order: segments of one family differ in shapes only
 * @param shape logarithms to base 2 of the first input's channels and height, the last output's channels and the most channels
 *     in between; empty where the signature says nothing
 */
record SegmentTraits(Map<String, Integer> ops, String family, List<Double> shape) {

    /** Every segment is one occurrence of this kind, whatever its ops: what a segment more or less costs a network. */
    private static final String SEGMENT = "segment";
    private static final SegmentTraits UNLIKE_ANY = new SegmentTraits(Map.of(SEGMENT, 1), "", List.of());
    private static final Pattern OP = Pattern.compile("(\\D[^;]*?)((?: v\\d+)+) to (\\d+)(?:x(\\d+)x\\d+)?");
    private static final Pattern INPUT = Pattern.compile("in (\\d+)(?:x(\\d+)x\\d+)?");
    private static final Pattern GROUPS = Pattern.compile(" g(\\d+)");

    static SegmentTraits of(String signature) {
        Map<String, Integer> ops = new TreeMap<>(Map.of(SEGMENT, 1));
        StringBuilder family = new StringBuilder();
        List<Integer> channels = new ArrayList<>();
        int height = 1;
        for (String part : signature.split("; ")) {
            Matcher input = INPUT.matcher(part);
            Matcher op = OP.matcher(part);
            if (input.matches()) {
                height = channels.isEmpty() && input.group(2) != null ? Integer.parseInt(input.group(2)) : height;
                channels.add(Integer.parseInt(input.group(1)));
            } else if (op.matches()) {
                int first = Integer.parseInt(op.group(2).substring(2).split(" ", 2)[0]);
                if (first >= channels.size()) {
                    return UNLIKE_ANY;
                }
                String kind = kind(op.group(1), channels.get(first));
                ops.merge(kind, 1, Integer::sum);
                family.append(kind).append("; ");
                channels.add(Integer.parseInt(op.group(3)));
            } else if (!part.startsWith("out")) {
                return UNLIKE_ANY;
            }
        }
        if (family.isEmpty()) {
            return UNLIKE_ANY;
        }
        int most = channels.stream().mapToInt(Integer::intValue).max().orElseThrow();
        return new SegmentTraits(ops, family.toString(),
            List.of(log2(channels.get(0)), log2(height), log2(channels.get(channels.size() - 1)), log2(most)));
    }

    private static String kind(String op, int inputChannels) {
        Matcher groups = GROUPS.matcher(op);
        boolean depthwise = groups.find() && inputChannels > 1 && Integer.parseInt(groups.group(1)) == inputChannels;
        return depthwise ? groups.replaceFirst(" depthwise") : op;
    }

    private static double log2(int value) {
        return Math.log(value) / Math.log(2);
    }

    /** Squared distance in doublings; infinite where either says nothing of its shape. */
    double distanceSquared(SegmentTraits other) {
        if (shape.isEmpty() || other.shape.isEmpty()) {
            return Double.POSITIVE_INFINITY;
        }
        double sum = 0;
        for (int i = 0; i < shape.size(); i++) {
            double difference = shape.get(i) - other.shape.get(i);
            sum += difference * difference;
        }
        return sum;
    }

    /** The product of both segments' counts, summed over the kinds of op. */
    double sharedOps(SegmentTraits other) {
        double sum = 0;
        for (Map.Entry<String, Integer> op : ops.entrySet()) {
            sum += op.getValue() * other.ops.getOrDefault(op.getKey(), 0);
        }
        return sum;
    }

    int opCount() {
        return ops.values().stream().mapToInt(Integer::intValue).sum();
    }
}
