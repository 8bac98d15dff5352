package dev.lutra.network;

import dev.lutra.identity.NamedValues;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A network as a graph of ops in execution order, cut into segments.
 *
 * @param name for people and for the exported file
 * @param inputs what it reads; a whole network has one, a segment may have more
 * @param outputs what it gives; a whole network has one, the logits
 * @param segments in order; together they hold every op once
 */
public record Network(String name, List<Value> inputs, List<Value> outputs, List<Segment> segments) {

    public Network {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        segments = List.copyOf(segments);
    }

    /** The same network, its segments made of other ops that give its outputs from its inputs. */
    public Network withOps(List<List<Op>> ops) {
        List<String> names = segments.stream().map(Segment::name).toList();
        return new Network(name, inputs, outputs, Segment.chain(names, ops, outputs));
    }

    /** The same network, whose ops see other weights of the same extents. */
    public Network withWeights(UnaryOperator<Weight> weights) {
        return withOps(segments.stream().map(segment -> segment.ops().stream().map(op -> Reweighting.of(op, weights)).toList()).toList());
    }

    /**
     * A network that gives what a head makes of values of this one: what those do not follow from is left out, and a last segment holds the
     * head. Segments that nothing is left of stay, without ops.
     */
    public Network with(Op.Head head) {
        Set<Value> needed = new HashSet<>(head.inputs());
        List<List<Op>> kept = new ArrayList<>();
        for (int i = segments.size() - 1; i >= 0; i--) {
            List<Op> ofSegment = new ArrayList<>();
            List<Op> all = segments.get(i).ops();
            for (int k = all.size() - 1; k >= 0; k--) {
                if (needed.contains(all.get(k).output())) {
                    ofSegment.add(0, all.get(k));
                    needed.addAll(all.get(k).inputs());
                }
            }
            kept.add(0, ofSegment);
        }
        kept.add(List.of(head));
        List<String> names = new ArrayList<>(segments.stream().map(Segment::name).toList());
        names.add(head.name());
        List<Value> given = List.of(head.output());
        return new Network(name, inputs, given, Segment.chain(names, kept, given));
    }

    /** Every op in execution order. */
    public List<Op> ops() {
        List<Op> ops = new ArrayList<>();
        for (Segment segment : segments) {
            ops.addAll(segment.ops());
        }
        return ops;
    }

    /** Whether values are rounded to grids on their way. */
    public boolean isQuantized() {
        return ops().stream().anyMatch(Op.Quantize.class::isInstance);
    }

    /** All that the network computes and which weights it reads, but not their values; names of ops and tensors are part of it. */
    public NamedValues values() {
        return NetworkValues.of(this);
    }

    /** Fingerprint of {@link #values}: equal for networks that compute the same with the same weights. */
    public String fingerprint() {
        return values().fingerprint("network", 1);
    }

    /**
     * Some segments that follow each other, as a network that reads and gives what the rest of this one gives and reads.
     *
     * @param from the first of them, by its number
     * @param to the one after the last
     */
    public Network part(String partName, int from, int to) {
        return new Network(partName, passing(from), passing(to), segments.subList(from, to));
    }

    /**
     * What passes from the segments before one to it and those after it, in the order in which it comes to be.
     *
     * @param at number of the segment, or how many there are
     */
    public List<Value> passing(int at) {
        Set<Value> read = new HashSet<>(outputs);
        segments.subList(at, segments.size()).forEach(segment -> read.addAll(segment.inputs()));
        List<Value> known = new ArrayList<>(inputs);
        segments.subList(0, at).forEach(segment -> segment.ops().forEach(op -> known.add(op.output())));
        return known.stream().filter(read::contains).toList();
    }

    /** The single input of a whole network. */
    public Value input() {
        return inputs.get(0);
    }

    /** The single output of a whole network. */
    public Value output() {
        return outputs.get(0);
    }
}
