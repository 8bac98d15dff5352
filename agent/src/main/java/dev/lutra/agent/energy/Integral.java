package dev.lutra.agent.energy;

import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Energy as the integral of power over time, by trapezoids between samples that a thread of its own takes. */
final class Integral implements EnergyCounter {

    private static final double NANO = 1e-9;
    private static final long PERIOD_MILLIS = 5;

    private final PowerSensor sensor;
    private final LongSupplier nanoTime;
    private final Thread sampling;
    private double joules;
    private double lastWatts;
    private long lastNanos;
    private IOException gone;

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @throws IOException if the sensor cannot be read
     */
    private Integral(PowerSensor sensor, LongSupplier nanoTime) throws IOException {
        this.sensor = sensor;
        this.nanoTime = nanoTime;
        lastWatts = sensor.watts();
        lastNanos = nanoTime.getAsLong();
        sampling = new Thread(this::keepSampling, "power");
        sampling.setDaemon(true);
    }

    static Integral of(PowerSensor sensor, LongSupplier nanoTime) throws IOException {
        Integral integral = new Integral(sensor, nanoTime);
        integral.sampling.start();
        return integral;
    }

    private void keepSampling() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                sample();
                Thread.sleep(PERIOD_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            fail(e);
        }
    }

    private synchronized void fail(IOException e) {
        gone = e;
    }

    private synchronized void sample() throws IOException {
        double watts = sensor.watts();
        long now = nanoTime.getAsLong();
        joules += NANO * (now - lastNanos) * (watts + lastWatts) / 2;
        lastWatts = watts;
        lastNanos = now;
    }

    @Override
    public String source() {
        return sensor.source();
    }

    @Override
    public synchronized double joules() throws IOException {
        if (gone != null) {
            throw gone;
        }
        sample();
        return joules;
    }

    @Override
    public Duration window() {
        return sensor.window();
    }

    @Override
    public void close() {
        sampling.interrupt();
        sensor.close();
    }
}
