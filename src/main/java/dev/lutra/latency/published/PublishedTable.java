package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The figures of one publisher for one device, looked up by what a segment computes. */
public final class PublishedTable {

    private final TableFormat format;
    private final Figures figures = new Figures();

    private PublishedTable(TableFormat format) {
        this.format = format;
    }

    /**
     * Reads a publisher's files.
     *
     * @throws dev.lutra.InputException if one is not of the format, with file, line, column and expectation
     */
    public static PublishedTable read(TableFormat format, List<Path> files) {
        PublishedTable table = new PublishedTable(format);
        files.forEach(file -> format.read(file, table.figures));
        return table;
    }

    /**
     * The publisher's time for a segment; empty if there is none, or only an offset below zero, which no segment can take.
     *
     * @param network that the segment is of
     */
    public Optional<Figure> find(Network network, Segment segment) {
        return format.names().of(network, segment).flatMap(figures::sum).filter(sum -> sum.millis() >= 0);
    }

    /** Image sizes that the figures are for; empty: those of the spaces. */
    public List<Integer> imageSizes() {
        return format.imageSizes(figures);
    }

    /** Number of keys. */
    public int keys() {
        return figures.keys().size();
    }

    /** How many of the keys were part of something found. */
    public int used() {
        return figures.used();
    }

    /**
     * The parts of a segment that has several, as segments: other cuts of the same network, such as a net.config's, have them as
     * segments of their own.
     */
    public static List<Segment> parts(Segment segment) {
        List<Segment> segments = new ArrayList<>();
        for (Part part : PartReader.read(segment).filter(parts -> parts.size() > 1).orElse(List.of())) {
            List<Op> ops = part.ops();
            Value input = ops.get(0).inputs().get(0);
            segments.add(new Segment(segment.name() + " part", ops, List.of(input), List.of(ops.get(ops.size() - 1).output())));
        }
        return segments;
    }
}
