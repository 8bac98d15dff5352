package dev.lutra.agent.energy;

import java.io.IOException;
import java.time.Duration;

/** Tells how much power a device takes at the moment. */
interface PowerSensor extends AutoCloseable {

    String source();

    /** @throws IOException if it cannot be read, or is gone */
    double watts() throws IOException;

    /** As of an {@link EnergyCounter}. */
    Duration window();

    @Override
    void close();
}
