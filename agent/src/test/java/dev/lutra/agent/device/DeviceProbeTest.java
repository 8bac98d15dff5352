package dev.lutra.agent.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.task.InputException;
import dev.lutra.proto.Device;
import dev.lutra.proto.RuntimeOffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceProbeTest {

    @Test
    void describesThisMachine() {
        Device device = new DeviceProbe().describe("bench");

        assertThat(device.getName()).isEqualTo("bench");
        assertThat(device.getCpu()).isNotBlank();
        assertThat(device.getLogicalCores()).isBetween(1, Runtime.getRuntime().availableProcessors());
        assertThat(device.getPhysicalCores()).isBetween(1, device.getLogicalCores());
        assertThat(device.getMemoryBytes()).isGreaterThan(Runtime.getRuntime().maxMemory() / 2);
        assertThat(device.getOs()).isNotBlank();
        assertThat(device.getArch()).isEqualTo(System.getProperty("os.arch"));
    }

    @Test
    void offersOnnxRuntimeWithItsProviders() throws InterruptedException {
        try (ProcessBench bench = new ProcessBench(List.of())) {
            RuntimeOffer offer = only(List.of(), bench);

            assertThat(offer.getName()).isEqualTo("onnxruntime");
            assertThat(offer.getVersion()).matches("\\d+\\.\\d+\\.\\d+.*");
            assertThat(offer.getProvidersList()).contains("cpu");
            assertThat(only(List.of("cpu", "cpu"), bench).getProvidersList()).containsExactly("cpu");
        }
    }

    private static RuntimeOffer only(List<String> wanted, ProcessBench bench) throws InterruptedException {
        try (Offers offers = Offers.find(wanted, bench, List.of(), List.of())) {
            assertThat(offers.runtimes()).hasSize(1);
            return offers.runtimes().get(0);
        }
    }

    @Test
    void offersOnlyWhatWorksHere() {
        assertThatThrownBy(() -> ProviderOffer.choose(List.of("cpu", "cuda"), List.of("cpu", "webgpu")))
            .isInstanceOf(InputException.class)
            .hasMessage("--provider: cuda (expected: some of cpu, webgpu, which work on this device)");
    }

    @Test
    void hasAHostName() {
        assertThat(new DeviceProbe().hostName()).isNotBlank();
    }
}
