package dev.lutra.agent.device;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Device;
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
}
