package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.space.SearchSpace;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatencyModelTest {

    private final SearchSpace space = Tables.smallSpace();
    private final Network network = space.build(space.parse("0,1,2,3,0,1"));
    private final LookupTable table = Tables.of(space);

    @Test
    void theCallIsPaidOnceHoweverManySegmentsThereAre() {
        Prediction prediction = new LatencyModel(table).predict(network);
        long own = network.segments().stream().mapToLong(Tables::ownNanos).sum();
        assertThat(prediction.nanos()).isEqualTo(own + Tables.OVERHEAD_NANOS).isEqualTo(prediction.sumNanos());
        assertThat(prediction.parts()).extracting(Prediction.Part::segment)
            .containsExactly("stem", "layer1", "layer2", "layer3", "layer4", "layer5", "layer6", "head");
        assertThat(prediction.parts().stream().mapToLong(Prediction.Part::nanos).sum()).isEqualTo(own);
    }

    @Test
    void aSegmentBelowTheOverheadCountsNothing() {
        Segment stem = network.segments().get(0);
        LookupTable cheapStem = table.withEntries(List.of(Entry.newBuilder().setKey(stem.key())
            .setLatency(Distribution.newBuilder().setP50Nanos(Tables.OVERHEAD_NANOS / 2)).build()));
        assertThat(new LatencyModel(cheapStem).predict(network).nanos())
            .isEqualTo(new LatencyModel(table).predict(network).nanos() - Tables.ownNanos(stem));
    }

    @Test
    void calibrationAppliesToTheSum() {
        LookupTable calibrated = table.withCalibration(Calibration.newBuilder().setScale(1.5).setBiasNanos(-200).build());
        Prediction prediction = new LatencyModel(calibrated).predict(network);
        assertThat(prediction.sumNanos()).isEqualTo(new LatencyModel(table).predict(network).nanos());
        assertThat(prediction.nanos()).isEqualTo(Math.round(1.5 * prediction.sumNanos() - 200));
    }

    @Test
    void missingSegmentsAreNamedWithTheTable() {
        LookupTable without = LookupTable.of(table.content().toBuilder().clearEntries().addAllEntries(
            table.entries().stream().filter(e -> !e.getLabel().matches("small (layer4|head).*")).toList()).build());
        LatencyModel model = new LatencyModel(without);
        Segment layer4 = network.segments().get(4);
        Segment head = network.segments().get(7);
        assertThat(model.missing(network)).containsExactly(layer4, head);
        assertThatThrownBy(() -> model.predict(network)).isInstanceOf(InputException.class)
            .hasMessage("box-onnxruntime-1-cpu-t1.json: no entry for layer4 (" + layer4.key() + "), head (" + head.key()
                + ") of small");
    }
}
