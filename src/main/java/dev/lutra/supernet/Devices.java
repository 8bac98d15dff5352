package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import dev.lutra.InputException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where PyTorch computes. Weights live on the first device; a training takes the others for parts of its batches.
 *
 * @param all at least one
 */
public record Devices(List<Device> all) {

    /** A kind of processor. */
    public enum Kind {
        /** NVIDIA GPUs where there are some and this PyTorch is built for them, or else the CPU. */
        AUTO, CPU, CUDA
    }

    /**
     * What an experiment asks for.
     *
     * @param gpus how many of them, where GPUs compute
     */
    public record Wanted(Kind kind, int gpus) {

        /** One GPU where there is one. */
        public static final Wanted ANY = new Wanted(Kind.AUTO, 1);
    }

    /**
     * Those that are asked for.
     *
     * @throws InputException saying what is missing, if they are not there
     */
    public static Devices of(Wanted wanted) {
        if (wanted.kind() == Kind.CPU) {
            return new Devices(List.of(Device.cpu()));
        }
        int there = Engine.getInstance().getGpuCount();
        boolean built = Engine.getInstance().hasCapability(StandardCapabilities.CUDA);
        if (wanted.kind() == Kind.AUTO && wanted.gpus() == 1) {
            return new Devices(List.of(there > 0 && built ? Device.gpu() : Device.cpu()));
        }
        missing(wanted, there, built, Engine.getInstance().getVersion()).ifPresent(problem -> {
            throw new InputException(problem);
        });
        return new Devices(IntStream.range(0, wanted.gpus()).mapToObj(Device::gpu).toList());
    }

    /**
     * What of the GPUs that are asked for is not there, in one line.
     *
     * @param there GPUs that the CUDA runtime finds; 0 without it
     * @param built whether this PyTorch is built for CUDA
     */
    static Optional<String> missing(Wanted wanted, int there, boolean built, String version) {
        String asked = wanted.kind() == Kind.CUDA ? "device: cuda" : "gpus: " + wanted.gpus();
        if (!built) {
            return Optional.of(String.format(Locale.ROOT, "%s: PyTorch %s here is built for the CPU%s (expected: Lutra built with "
                + "LUTRA_MVN_OPTS=-Pcuda and run with LUTRA_OFFLINE=false, an NVIDIA GPU and its driver; or device: cpu)", asked, version,
                there == 0 ? ", and no NVIDIA GPU with its driver is found" : ""));
        }
        return there >= wanted.gpus()
            ? Optional.empty()
            : Optional.of(asked + ": " + there + " NVIDIA GPUs with their driver are found (expected: " + wanted.gpus() + ")");
    }

    /** Where weights live. */
    public Device first() {
        return all.get(0);
    }

    /** What they are, as an experiment has it: cpu or cuda. */
    public String kind() {
        return (first().isGpu() ? Kind.CUDA : Kind.CPU).name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return all.size() == 1 ? first().toString() : all.size() + " GPUs";
    }
}
