package dev.lutra.latency.table;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.published.Figure;
import dev.lutra.latency.published.PublishedTable;
import dev.lutra.latency.published.TableFormat;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes a lookup table of a published one: for every segment of the spaces that it covers, the publisher's names of its parts
 * are derived from the ops, and their times added.
 *
 * <p>Segments that are equal to a device have one entry. Where the publisher has several figures for them, because it timed
 * them in several layers, the entry is their mean; where because it timed them at several image sizes, that of the largest.
 */
public final class TableImport {

    private static final double NANOS_A_MILLI = 1e6;

    /**
     * What a table has of a space.
     *
     * @param imageSize height and width of the images
     * @param segments of the space
     * @param missing the publisher's names, or the label, of each segment without a figure
     */
    public record Coverage(String space, ImageSize imageSize, int segments, List<String> missing) {
        public Coverage {
            missing = List.copyOf(missing);
        }

        public int covered() {
            return segments - missing.size();
        }
    }

    /**
     * An import.
     *
     * @param keys of the publisher
     * @param used how many of them became part of an entry
     */
    public record Result(LookupTable table, int keys, int used, List<Coverage> coverage) {}

    /** One figure for a segment, under the name that its publisher has for it. */
    private record NamedFigure(Segment segment, Figure figure, int imageSize) {}

    private final TableFormat format;
    private final PublishedTable published;
    /** By segment key, then by the publisher's names. */
    private final Map<String, Map<String, NamedFigure>> found = new LinkedHashMap<>();
    private final List<Coverage> coverage = new ArrayList<>();

    private TableImport(TableFormat format, List<Path> files) {
        this.format = format;
        this.published = PublishedTable.read(format, files);
    }

    /**
     * Imports a published table.
     *
     * @param files all of one device
     * @param device name for the device; empty: the format's own
     * @param more spaces beside the format's own
     * @throws InputException if a file is not of the format (with line and column), or has nothing for any of the spaces
     */
    public static Result read(TableFormat format, List<Path> files, Optional<String> device, List<SearchSpace> more) {
        TableImport reading = new TableImport(format, files);
        List<SearchSpace> spaces = new ArrayList<>(format.spaces().stream().map(SpaceFile::load).toList());
        spaces.addAll(more);
        List<Integer> sizes = reading.published.imageSizes();
        for (SearchSpace space : spaces) {
            if (sizes.isEmpty()) {
                reading.visit(space);
            }
            sizes.forEach(size -> reading.visit(space.withImageSize(size)));
        }
        if (reading.found.isEmpty()) {
            throw InputException.in(files.get(0), "nothing for any segment of "
                + String.join(", ", spaces.stream().map(SearchSpace::name).toList()) + " (expected: keys like those of "
                + format.source() + ")");
        }
        return new Result(reading.table(device), reading.published.keys(), reading.published.used(), reading.coverage);
    }

    private void visit(SearchSpace space) {
        List<String> missing = new ArrayList<>();
        SegmentCatalog catalog = SegmentCatalog.of(space);
        for (SegmentCatalog.Item item : catalog.items()) {
            Network network = space.build(item.architecture());
            boolean here = add(network, item.segment());
            PublishedTable.parts(item.segment()).forEach(part -> add(network, part));
            if (!here) {
                missing.add(format.label(network, item.segment()).orElse(item.label()));
            }
        }
        // equal segments of other layers, which the catalog leaves out
        for (int option = 0; option < space.genes().stream().mapToInt(Gene::size).max().orElse(0); option++) {
            int wanted = option;
            int[] values = space.genes().stream().mapToInt(gene -> Math.min(wanted, gene.size() - 1)).toArray();
            Network network = space.build(space.architecture(values));
            network.segments().forEach(segment -> add(network, segment));
        }
        coverage.add(new Coverage(space.name(), space.imageSize(), catalog.items().size(), missing));
    }

    private boolean add(Network network, Segment segment) {
        if (segment.ops().isEmpty()) {
            return false;
        }
        Optional<Figure> figure = published.find(network, segment);
        figure.ifPresent(sum -> found.computeIfAbsent(segment.key(), key -> new LinkedHashMap<>())
            .put(format.label(network, segment).orElseThrow(), new NamedFigure(segment, sum, network.input().shape().height())));
        return figure.isPresent();
    }

    private LookupTable table(Optional<String> device) {
        dev.lutra.proto.LookupTable.Builder table = dev.lutra.proto.LookupTable.newBuilder()
            .setFormat(LookupTable.FORMAT).setPrecision("float32").setBatch(format.batch()).setSource(format.source())
            .setDevice(device.map(name -> format.device().toBuilder().setName(name).build()).orElse(format.device()))
            .setRuntime(format.runtime());
        found.forEach((key, figures) -> table.addEntries(entry(key, figures)));
        return LookupTable.of(table.build());
    }

    private static Entry entry(String key, Map<String, NamedFigure> figures) {
        int largest = figures.values().stream().mapToInt(NamedFigure::imageSize).max().orElseThrow();
        figures.values().removeIf(one -> one.imageSize() < largest);
        NamedFigure first = figures.values().iterator().next();
        Figure sum = figures.values().stream().map(NamedFigure::figure).reduce(Figure::plus).orElseThrow();
        double meanNanos = sum.millis() / figures.size() * NANOS_A_MILLI;
        Distribution.Builder latency = Distribution.newBuilder()
            .setP50Nanos(Math.max(1, Math.round(meanNanos))) // a table has no entry without time; this one is in another's
            .setMeanNanos(meanNanos)
            .setDeviationNanos(sum.deviationMillis() / figures.size() * NANOS_A_MILLI)
            .setSamples(sum.count());
        String label = String.join("; ", figures.keySet());
        return Entry.newBuilder().setKey(key).setSignature(first.segment().signature())
            .setLabel(figures.size() > 1 ? "mean of " + label : label).setLatency(latency).build();
    }
}
