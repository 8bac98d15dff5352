package dev.lutra.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.lutra.latency.LookupTable;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * What one would write without Lutra: one process, one network after the other, ten runs to warm up, the median of a hundred or, where
 * there is more time, of as many as fit its share. Of the whole networks that a table was calibrated with; a line "architecture
 * nanoseconds" each. Arguments: the table, classes, threads, seconds for all.
 */
public final class NaiveLatency {

    private static final int WARM_UP = 10;
    private static final int LEAST_RUNS = 100;

    private NaiveLatency() {}

    public static void main(String[] arguments) throws Exception {
        LookupTable table = LookupTable.load(Path.of(arguments[0]));
        int classes = Integer.parseInt(arguments[1]);
        try (OrtEnvironment environment = OrtEnvironment.getEnvironment();
            OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(Integer.parseInt(arguments[2]));
            List<WholeNetwork> networks = table.calibration().orElseThrow().getNetworksList();
            long share = TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[3])) / networks.size();
            for (WholeNetwork network : networks) {
                long until = System.nanoTime() + share;
                SearchSpace space = SpaceFile.load(network.getSpace()).withClasses(classes);
                byte[] model = OnnxExporter.export(space.build(space.parse(network.getArchitecture())), new RandomWeights(1),
                    new OnnxOptions(true, OptionalInt.of(1), Map.of())).toByteArray();
                long[] shape = space.input().withBatch(1);
                try (OrtSession session = environment.createSession(model, options);
                    OnnxTensor input = OnnxTensor.createTensor(environment, noise(shape), shape)) {
                    System.out.printf(Locale.ROOT, "%s %d%n", network.getArchitecture(), median(session, Map.of("input", input), until));
                }
            }
        }
    }

    private static FloatBuffer noise(long[] shape) {
        int size = (int) Arrays.stream(shape).reduce(1, Math::multiplyExact);
        FloatBuffer values = ByteBuffer.allocateDirect(size * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
        Random random = new Random(0);
        while (values.hasRemaining()) {
            values.put((float) random.nextGaussian());
        }
        return values.flip();
    }

    private static long median(OrtSession session, Map<String, OnnxTensor> inputs, long until) throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            session.run(inputs).close();
        }
        List<Long> nanos = new ArrayList<>();
        while (nanos.size() < LEAST_RUNS || System.nanoTime() < until) {
            long start = System.nanoTime();
            session.run(inputs).close();
            nanos.add(System.nanoTime() - start);
        }
        Collections.sort(nanos);
        return nanos.get(nanos.size() / 2);
    }
}
