package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.google.protobuf.ByteString;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Failed;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.SystemState;
import dev.lutra.proto.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What people see of devices, whenever they look. */
class FleetStateTest extends QueueOnVirtualClock {

    private FleetState fleet;
    private int tasks;

    @BeforeEach
    void look() {
        fleet = new FleetState(database, queue);
    }

    private void ends(String device, Outcome outcome) {
        String session = join(device);
        queue.submit(device, List.of(Task.newBuilder().setId("task" + tasks++).build()));
        queue.report(session, name(queue.lease(session, 1).get(0)), outcome);
    }

    private static Measured.Builder at(double celsius) {
        return Measured.newBuilder().setCircumstances(Circumstances.newBuilder().setSystem(SystemState.newBuilder().setCelsius(celsius)));
    }

    private void measures(String device, double celsius) {
        ends(device, Outcome.newBuilder().setMeasured(at(celsius)).build());
    }

    private static Map<String, Double> celsius(FleetState seen) {
        return seen.devices().stream().filter(device -> device.system().isPresent())
            .collect(Collectors.toMap(device -> device.state().getDevice().getName(), device -> device.system().get().getCelsius()));
    }

    @Test
    void aDeviceIsAsItWasWhenItMeasuredLast() {
        assertThat(celsius(fleet)).isEmpty();
        measures("pi", 40);
        assertThat(celsius(fleet)).containsOnly(entry("pi", 40.0));
        measures("phone", 30);
        assertThat(celsius(fleet)).as("within the same millisecond").containsOnly(entry("pi", 40.0), entry("phone", 30.0));
        clock.advance(Duration.ofMillis(1));
        measures("pi", 50);
        clock.advance(Duration.ofMillis(1));
        measures("pi", 60);
        clock.advance(Duration.ofMillis(1));
        ends("pi", Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("out of memory")).build());
        ends("phone", Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build());
        for (FleetState seen : List.of(fleet, fleet, new FleetState(database, queue))) {
            assertThat(celsius(seen)).containsOnly(entry("pi", 60.0), entry("phone", 30.0));
        }
    }

    /** Each page that is open looks twice a second, and outcomes may be of megabytes. */
    @Test
    void outcomesThatWereReadAreNotReadAgain() {
        ByteString large = ByteString.copyFrom(new byte[1 << 20]);
        for (int i = 0; i < 20; i++) {
            clock.advance(Duration.ofMillis(1));
            ends("pi", Outcome.newBuilder().setMeasured(at(i).addOutputs(ModelOutput.newBuilder().setLittleEndianFloats(large))).build());
        }
        assertThat(celsius(fleet)).containsOnly(entry("pi", 19.0));
        long before = allocated();
        assertThat(celsius(fleet)).containsOnly(entry("pi", 19.0));
        assertThat(allocated() - before).isLessThan(5L * large.size());
    }
}
