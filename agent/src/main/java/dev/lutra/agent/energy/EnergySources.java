package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Where this machine's energy is read from: what runs on NVIDIA's GPUs from their driver, all else from the processor's counters, and both
 * from a board's sensors where it has no such thing. Nothing is read while nobody asks.
 */
public final class EnergySources {

    private static final Set<String> NVIDIA = Set.of("cuda", "tensorrt");
    private static final String NOT_TOLD = "not told: ";

    /** Opens a counter; empty where there is none. */
    private interface Search {
        Optional<EnergyCounter> open() throws IOException, InterruptedException;
    }

    private record Source(Search search, boolean isThere, String words) {}

    private final Source processor;
    private final Source gpu;

    private EnergySources(Source processor, Source gpu) {
        this.processor = processor;
        this.gpu = gpu;
    }

    /**
     * Looks for them.
     *
     * @param sysfs where it is mounted
     * @param nvidiaSmi name or path of the driver's program
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public static EnergySources find(Path sysfs, String nvidiaSmi, LongSupplier nanoTime) throws InterruptedException {
        Source board = tried(() -> integral(Ina.find(sysfs), nanoTime), "no sensor ina* in " + sysfs.resolve("class/hwmon"));
        Source counters = tried(() -> Rapl.find(sysfs), "no counter intel-rapl:* in " + sysfs.resolve("class/powercap"));
        Source driver = tried(() -> integral(NvidiaSmi.find(nvidiaSmi), nanoTime), "no " + nvidiaSmi);
        return new EnergySources(first(counters, board), first(driver, board));
    }

    private static Optional<EnergyCounter> integral(Optional<PowerSensor> sensor, LongSupplier nanoTime) throws IOException {
        return sensor.isPresent() ? Optional.of(Integral.of(sensor.get(), nanoTime)) : Optional.empty();
    }

    private static Source tried(Search search, String otherwise) throws InterruptedException {
        try {
            Optional<EnergyCounter> counter = search.open();
            counter.ifPresent(EnergyCounter::close);
            return new Source(search, counter.isPresent(), counter.map(EnergyCounter::source).orElse(otherwise));
        } catch (IOException e) {
            return new Source(search, false, e.getMessage());
        }
    }

    private static Source first(Source preferred, Source other) {
        return preferred.isThere()
            ? preferred
            : other.isThere()
                ? other
                : new Source(Optional::empty, false, preferred.words() + "; " + other.words());
    }

    private Source source(String provider) {
        return NVIDIA.contains(provider) ? gpu : processor;
    }

    /** What energy of models on a provider is read from, or {@code not told: } and why. */
    public String described(String provider) {
        Source source = source(provider);
        return source.isThere() ? source.words() : NOT_TOLD + source.words();
    }

    /**
     * Begins to read the energy of models on a provider; empty where nothing tells it.
     *
     * @throws IOException if what told it before cannot be read any more
     */
    public Optional<EnergyCounter> open(String provider) throws IOException, InterruptedException {
        return source(provider).isThere() ? source(provider).search().open() : Optional.empty();
    }
}
