package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lutra.InputException;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.correction.Interval;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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

    /** A device on which a network takes half as long again as its parts. */
    @Test
    void calibrationCorrectsTheSumAndSaysHowFarToTrustIt() {
        List<WholeNetwork> networks = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < 12; i++) {
            Network measured = space.build(space.random(random));
            long sum = new LatencyModel(table).predict(measured).sumNanos();
            networks.add(Tables.measured(measured, sum * 3 / 2, sum * 3, i % 3 == 0));
        }
        assertThat(new LatencyModel(table).predictsP99()).isFalse();
        LatencyModel model = new LatencyModel(table.withCalibration(Calibrator.fit(table, networks)));
        Prediction prediction = model.predict(network);
        assertThat(prediction.sumNanos()).isEqualTo(new LatencyModel(table).predict(network).nanos());
        assertThat((double) prediction.nanos()).isCloseTo(1.5 * prediction.sumNanos(), withinPercentage(1));
        Interval interval = prediction.interval().orElseThrow();
        assertThat(interval.contains(prediction.nanos())).isTrue();
        assertThat(interval.high() - interval.low()).isLessThan(prediction.nanos() / 2);
        assertThat(model.predictsP99()).isTrue();
        assertThat((double) prediction.p99().orElseThrow().nanos()).isCloseTo(3.0 * prediction.sumNanos(), withinPercentage(1));
    }

    @Test
    void withoutACalibrationNothingIsClaimed() {
        Prediction prediction = new LatencyModel(table).predict(network);
        assertThat(prediction.interval()).isEmpty();
        assertThat(prediction.p99()).isEmpty();
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
