package dev.lutra.latency;

import dev.lutra.cost.Cost;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.net.URISyntaxException;
import java.nio.file.Path;

/** Tables whose figures follow from the segments, for tests. */
public final class Tables {

    /** Of one call. */
    public static final long OVERHEAD_NANOS = 1000;

    private Tables() {}

    /** Six layers of four choices. */
    public static SearchSpace smallSpace() {
        try {
            return SpaceFile.load(Path.of(Tables.class.getResource("/dev/lutra/search/small.yaml").toURI()).toString());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A segment's own time on the imagined device. */
    public static long ownNanos(Segment segment) {
        return 500 + Cost.of(segment.ops()).macs() / 10;
    }

    /** A table without entries. */
    public static dev.lutra.proto.LookupTable.Builder empty() {
        return dev.lutra.proto.LookupTable.newBuilder()
            .setFormat(LookupTable.FORMAT)
            .setDevice(Device.newBuilder().setName("box"))
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1").setProvider("cpu").setThreads(1))
            .setBatch(1)
            .setCallOverhead(Distribution.newBuilder().setP50Nanos(OVERHEAD_NANOS));
    }

    /** Every segment of a space; each entry contains the overhead of its call. */
    public static LookupTable of(SearchSpace space) {
        dev.lutra.proto.LookupTable.Builder table = empty();
        for (SegmentCatalog.Item item : SegmentCatalog.of(space).items()) {
            table.addEntries(Entry.newBuilder().setKey(item.key()).setLabel(item.label())
                .setSignature(item.segment().signature()).setLatency(
                    Distribution.newBuilder().setP50Nanos(OVERHEAD_NANOS + ownNanos(item.segment()))));
        }
        return LookupTable.of(table.build());
    }

    /** A whole network as a device measured it. */
    public static WholeNetwork measured(Network network, long p50Nanos, long p99Nanos, boolean heldOut) {
        return WholeNetwork.newBuilder().setSpace("small").setArchitecture(network.name()).setHeldOut(heldOut)
            .addAllSegments(network.segments().stream().filter(segment -> !segment.ops().isEmpty()).map(Segment::key).toList())
            .setLatency(Distribution.newBuilder().setP50Nanos(p50Nanos).setP99Nanos(p99Nanos)).build();
    }
}
