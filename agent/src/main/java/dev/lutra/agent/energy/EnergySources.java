package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
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

    private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";
    private static final String DEVICE_ID = "device_id";

    /** Opens the counter of a GPU, or of what is not of one; empty where there is none. */
    private interface Search {
        Optional<EnergyCounter> open(int gpu) throws IOException, InterruptedException;
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
     * @param environment of the process that runs models: where it renumbers GPUs, nobody knows which one the driver's program means
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public static EnergySources find(Path sysfs, String nvidiaSmi, Map<String, String> environment, LongSupplier nanoTime)
        throws InterruptedException {
        Source board = tried(gpu -> integral(Ina.find(sysfs), nanoTime),
            "no sensor ina* in " + sysfs.resolve("class/hwmon") + " or " + sysfs.resolve("bus/iio/devices"));
        Source counters = tried(gpu -> Rapl.find(sysfs), "no counter intel-rapl:* in " + sysfs.resolve("class/powercap"));
        Source driver = environment.containsKey(VISIBLE)
            ? new Source(gpu -> Optional.empty(), false, VISIBLE + " renumbers GPUs, so that nobody knows which one " + nvidiaSmi
                + " means (expected: without it; options.device_id chooses a GPU)")
            : tried(gpu -> integral(NvidiaSmi.find(nvidiaSmi, gpu), nanoTime), "no " + nvidiaSmi);
        return new EnergySources(first(counters, board), first(driver, board));
    }

    private static Optional<EnergyCounter> integral(Optional<PowerSensor> sensor, LongSupplier nanoTime) throws IOException {
        return sensor.isPresent() ? Optional.of(Integral.of(sensor.get(), nanoTime)) : Optional.empty();
    }

    private static Source tried(Search search, String otherwise) throws InterruptedException {
        try {
            Optional<EnergyCounter> counter = search.open(0);
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
                : new Source(gpu -> Optional.empty(), false, preferred.words() + "; " + other.words());
    }

    private Source source(String provider) {
        return NVIDIA.contains(provider) ? gpu : processor;
    }

    /** What energy of models on a provider is read from, on the first of several GPUs, or {@code not told: } and why. */
    public String described(String provider) {
        Source source = source(provider);
        return source.isThere() ? source.words() : NOT_TOLD + source.words();
    }

    /**
     * Begins to read the energy of models on a provider; empty where nothing tells it.
     *
     * @param options of the provider: {@code device_id} says which GPU
     * @throws IOException if what told it before cannot be read any more
     */
    public Optional<EnergyCounter> open(String provider, Map<String, String> options) throws IOException, InterruptedException {
        int gpu = NVIDIA.contains(provider) ? Integer.parseInt(options.getOrDefault(DEVICE_ID, "0")) : 0;
        return source(provider).isThere() ? source(provider).search().open(gpu) : Optional.empty();
    }
}
