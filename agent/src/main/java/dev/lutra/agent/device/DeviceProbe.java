package dev.lutra.agent.device;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Device;
import dev.lutra.proto.RuntimeOffer;
import java.util.List;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GraphicsCard;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.software.os.OperatingSystem;

/** Describes the machine that the agent runs on, and what can run models there. */
public final class DeviceProbe {

    private final SystemInfo system = new SystemInfo();

    public String hostName() {
        return system.getOperatingSystem().getNetworkParams().getHostName();
    }

    public Device describe(String name) {
        HardwareAbstractionLayer hardware = system.getHardware();
        CentralProcessor processor = hardware.getProcessor();
        OperatingSystem os = system.getOperatingSystem();
        // In a container or under an affinity mask the process may use fewer cores than the machine has.
        int logicalCores = Math.min(processor.getLogicalProcessorCount(), Runtime.getRuntime().availableProcessors());
        return Device.newBuilder()
            .setName(name)
            .setCpu(processor.getProcessorIdentifier().getName().strip())
            .setLogicalCores(logicalCores)
            .setPhysicalCores(Math.min(processor.getPhysicalProcessorCount(), logicalCores))
            .setMemoryBytes(hardware.getMemory().getTotal())
            .setOs(os.getFamily() + " " + os.getVersionInfo().getVersion())
            .setArch(System.getProperty("os.arch"))
            .addAllGpus(hardware.getGraphicsCards().stream().map(GraphicsCard::getName).toList())
            .build();
    }

    /**
     * ONNX Runtime as this agent offers it.
     *
     * @param providers names to offer; empty: all that work
     * @param bench tries what works
     * @throws InputException if ONNX Runtime has no native library for this machine, or a provider does not work here
     */
    public RuntimeOffer runtime(List<String> providers, ProcessBench bench) throws InterruptedException {
        try {
            RuntimeOffer there = inProtection(bench);
            return there.toBuilder().clearProviders()
                .addAllProviders(ProviderOffer.choose(providers, ProviderOffer.working(there.getProvidersList(), bench))).build();
        } catch (TaskFailure e) {
            throw new InputException("onnxruntime: does not load on this machine: " + e.getMessage());
        }
    }

    /** Whether this machine tells the memory that models take, as {@link Device} says it. */
    public String memory(ProcessBench bench) throws InterruptedException {
        try {
            return ProviderOffer.tellsMemory(bench)
                ? "told"
                : "not told: only Linux tells a process how much of it was resident at most since it last asked";
        } catch (TaskFailure e) {
            return "not told: " + TaskFailure.oneLine(e.getMessage());
        }
    }

    /** Where the runtime starts without protection alone, the bench goes on so. */
    private static RuntimeOffer inProtection(ProcessBench bench) throws InterruptedException {
        try {
            return bench.runtime();
        } catch (TaskFailure | IllegalStateException e) {
            if (!bench.isProtected()) {
                throw e;
            }
            bench.unprotect("the runtime starts only so (" + TaskFailure.oneLine(e.getMessage()) + ")");
            return bench.runtime();
        }
    }
}
