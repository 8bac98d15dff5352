package dev.lutra.agent.energy;

import java.io.IOException;
import java.time.Duration;

/** Tells how much energy a device has taken, from a moment of its own on. Used by one thread. */
public interface EnergyCounter extends AutoCloseable {

    /** What is read, in words: {@code rapl: package-0, dram}. */
    String source();

    /**
     * Energy until now, in joules; only differences mean anything.
     *
     * @throws IOException if a sensor cannot be read, or is gone
     */
    double joules() throws IOException;

    /** How long to look at once, so that what the sensor rounds and delays hardly counts. */
    Duration window();

    @Override
    void close();
}
