package dev.lutra.latency.table;

import dev.lutra.cost.Cost;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.space.SearchSpace;
import java.util.List;

/**
 * A table for a device whose segments nobody has measured: entries by counting, as of a middling accelerator. By itself it ranks
 * networks roughly at best; whole networks measured elsewhere turn it into one for their device, because a
 * {@link Calibrator} learns from them what an op and a shape cost there. So known latencies of whole networks are
 * enough for a table, if there are some dozens of them.
 */
public final class EstimatedTable {

    private static final double LAUNCH_NANOS = 10_000;
    private static final double NANOS_AN_ELEMENT = 0.01; // 400 GB/s of float32
    private static final double NANOS_A_MAC = 0.001; // 1 TMAC/s

    private EstimatedTable() {}

    /** A table of every segment of a space. */
    public static LookupTable of(SearchSpace space, Device device, Runtime runtime, String precision, int batch) {
        dev.lutra.proto.LookupTable.Builder table = dev.lutra.proto.LookupTable.newBuilder().setFormat(LookupTable.FORMAT)
            .setDevice(device).setRuntime(runtime).setPrecision(precision).setBatch(batch).setSource(LookupTable.ESTIMATED);
        for (SegmentCatalog.Item item : SegmentCatalog.of(space).items()) {
            table.addEntries(Entry.newBuilder().setKey(item.key()).setSignature(item.segment().signature()).setLabel(item.label())
                .setLatency(Distribution.newBuilder().setP50Nanos(Math.round(nanos(item.segment(), batch)))));
        }
        return LookupTable.of(table.build());
    }

    private static double nanos(Segment segment, int batch) {
        double nanos = 0;
        for (Op op : segment.ops()) {
            long elements = op.output().shape().elements()
                + op.inputs().stream().map(Value::shape).mapToLong(Shape::elements).sum();
            nanos += LAUNCH_NANOS + batch * (elements * NANOS_AN_ELEMENT + Cost.of(List.of(op)).macs() * NANOS_A_MAC);
        }
        return nanos;
    }
}
