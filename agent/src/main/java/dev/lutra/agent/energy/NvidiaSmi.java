package dev.lutra.agent.energy;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The power of one of NVIDIA's GPUs, as NVML tells it through its own program: {@code nvidia-smi} says every {@value #PERIOD_MILLIS} ms
 * what the board takes. Only the board, not the machine around it.
 */
final class NvidiaSmi implements PowerSensor {

    private static final String PERIOD_MILLIS = "50";
    private static final long PATIENCE_SECONDS = 20;
    /** Boards average over up to a second. */
    private static final Duration WINDOW = Duration.ofMillis(3000);

    private final Process process;
    private final int gpu;
    private volatile double watts = Double.NaN;
    private volatile String ended = "";

    private NvidiaSmi(Process process, int gpu) {
        this.process = process;
        this.gpu = gpu;
        Thread reading = new Thread(this::read, "nvidia-smi");
        reading.setDaemon(true);
        reading.start();
    }

    /**
     * Starts the program and waits for what it says first.
     *
     * @param program its name or path
     * @param gpu which one, from 0 in the order of the PCI bus
     * @return empty where there is no such program
     * @throws IOException if it says no power
     */
    static Optional<PowerSensor> find(String program, int gpu) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(List.of(program, "--id=" + gpu, "--query-gpu=power.draw", "--format=csv,noheader,nounits",
                "--loop-ms=" + PERIOD_MILLIS)).redirectErrorStream(true).start();
        } catch (IOException e) {
            return Optional.empty();
        }
        NvidiaSmi sensor = new NvidiaSmi(process, gpu);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (Double.isNaN(sensor.watts) && sensor.ended.isEmpty() && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        if (Double.isNaN(sensor.watts)) {
            sensor.close();
            throw new IOException(program + ": tells no power" + (sensor.ended.isEmpty() ? "" : " (" + sensor.ended + ")"));
        }
        return Optional.of(sensor);
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                watts = Double.parseDouble(line.strip());
            }
            ended = "it has ended";
        } catch (IOException | NumberFormatException e) {
            ended = String.valueOf(e.getMessage());
            process.destroy();
        }
        watts = Double.NaN;
    }

    @Override
    public String source() {
        return "nvidia-smi: GPU " + gpu;
    }

    @Override
    public double watts() throws IOException {
        double now = watts;
        if (Double.isNaN(now)) {
            throw new IOException("nvidia-smi: " + ended);
        }
        return now;
    }

    @Override
    public Duration window() {
        return WINDOW;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
