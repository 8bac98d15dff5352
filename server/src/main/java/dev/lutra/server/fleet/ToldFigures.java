package dev.lutra.server.fleet;

import dev.lutra.proto.Device;
import java.util.Optional;

/** Which figures besides the latency a device tells, in the words that it joined with. */
public final class ToldFigures {

    private static final String TOLD = "told";
    private static final String NOT_TOLD = "not told: ";
    /** The provider whose models lie in memory that a process can look at. */
    public static final String CPU = "cpu";

    private ToldFigures() {}

    /** Whether it says that it tells the memory that models take with a provider. */
    static boolean memory(Device device, String provider) {
        return provider.equals(CPU) && device.getMemoryOfModels().equals(TOLD);
    }

    /** Why it does not tell the memory that models take; empty if it does, or does not say. */
    public static Optional<String> memoryUntold(Device device) {
        return reason(device.getMemoryOfModels());
    }

    /** Why it does not tell the energy of a call with a provider; empty if it does. */
    public static Optional<String> energyUntold(Device device, String provider) {
        return reason(device.getEnergyOfModelsOrDefault(provider, NOT_TOLD + "its agent does not say"));
    }

    private static Optional<String> reason(String said) {
        return said.startsWith(NOT_TOLD) ? Optional.of(said.substring(NOT_TOLD.length())) : Optional.empty();
    }
}
