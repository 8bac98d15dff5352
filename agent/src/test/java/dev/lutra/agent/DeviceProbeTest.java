package dev.lutra.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Device;
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
    void offersOnnxRuntimeWithItsProviders() {
        assertThat(new DeviceProbe().runtimes()).singleElement().satisfies(offer -> {
            assertThat(offer.getName()).isEqualTo("onnxruntime");
            assertThat(offer.getVersion()).matches("\\d+\\.\\d+\\.\\d+.*");
            assertThat(offer.getProvidersList()).contains("cpu");
        });
    }

    @Test
    void hasAHostName() {
        assertThat(new DeviceProbe().hostName()).isNotBlank();
    }
}
