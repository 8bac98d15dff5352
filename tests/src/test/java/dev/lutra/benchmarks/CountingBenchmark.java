package dev.lutra.benchmarks;

import dev.lutra.cost.Cost;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds an architecture: what a search pays before it measures anything. Building dominates: the names and tensors
 * of the network's ops; counting them takes about a fifth.
 *
 * <p>Run with {@code org.openjdk.jmh.Main CountingBenchmark} on this module's test class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CountingBenchmark {

    private static final int ARCHITECTURES = 256;

    @Param({"spos-shufflenetv2", "spos-shufflenetv2-channels", "moga"})
    private String space;

    private SearchSpace loaded;
    private final Architecture[] architectures = new Architecture[ARCHITECTURES];
    private int next;

    @Setup
    public void drawArchitectures() {
        loaded = SpaceFile.load(space);
        Random random = new Random(1);
        for (int i = 0; i < ARCHITECTURES; i++) {
            architectures[i] = loaded.random(random);
        }
    }

    private int next() {
        next = (next + 1) % ARCHITECTURES;
        return next;
    }

    @Benchmark
    public Cost buildAndCount() {
        return Cost.of(loaded.build(architectures[next()]));
    }

    @Benchmark
    public Network build() {
        return loaded.build(architectures[next()]);
    }

    /** From gene values to an architecture that equals others of the same network. */
    @Benchmark
    public Architecture canonical() {
        return loaded.architecture(architectures[next()].values());
    }
}
