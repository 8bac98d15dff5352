package dev.lutra.latency.correction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Energy;
import dev.lutra.proto.WholeNetwork;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EnergyModelTest {

    private static final Energy CALL = energy(1_000, 10);
    private static final Map<String, Energy> SEGMENTS = Map.of("a", energy(5_000, 30), "b", energy(9_000, 40), "free", energy(900, 50));

    private static Energy energy(double nanojoules, double halfWidth) {
        return Energy.newBuilder().setNanojoules(nanojoules).setHalfWidthNanojoules(halfWidth).build();
    }

    /** Whole networks of an a and a b that take so much. */
    private static EnergyModel model(double... networks) {
        return EnergyModel.of(CALL, SEGMENTS, DoubleStream.of(networks).mapToObj(nanojoules -> WholeNetwork.newBuilder()
            .addAllSegments(List.of("a", "b")).setEnergy(energy(nanojoules, 1)).build()).toList());
    }

    /** a and b without their calls, and one call: 4 + 8 + 1 µJ. What takes less than a call counts nothing. */
    @Test
    void segmentsAddUpAndTheCallIsPaidOnce() {
        EnergyModel model = model();
        assertThat(model.predict(List.of("a", "b", "free")).nanojoules()).isEqualTo(13_000);
        assertThat(model.nanojoules(model.addedNanojoules("a") + model.addedNanojoules("b"))).isEqualTo(13_000);
        assertThat(model.fittedOn()).isZero();
        EnergyModel.Predicted one = model.predict(List.of("a"));
        assertThat(one.interval()).as("the entry's own").isEqualTo(new Interval(4_970, 5_030));
    }

    @Test
    void wholeNetworksTellAFactorAndHowFarItIsOff() {
        EnergyModel model = model(14_300, 14_310, 14_290, 14_300, 14_305);
        assertThat(model.fittedOn()).isEqualTo(5);
        assertThat(model.predict(List.of("a", "b")).nanojoules()).isBetween(14_295L, 14_305L);
        assertThat(model.predict(List.of("a", "b")).interval().contains(14_300)).isTrue();
        assertThat(model.predict(List.of("a", "b")).interval().high()).isLessThan(14_400);
        assertThat(model(14_300, 14_310, 14_290).fittedOn()).as("too few").isZero();
    }

    /** A device that takes more than when its table was measured: three networks that agree about that outweigh older ones. */
    @Test
    void whatWasVerifiedSupersedesWhatNoLongerHolds() {
        assertThat(verified(17_000, 17_010).predict(List.of("a", "b")).nanojoules()).as("two may be chance").isBetween(14_290L, 14_310L);
        EnergyModel.Predicted predicted = verified(17_000, 17_010, 16_990).predict(List.of("a", "b"));
        assertThat(predicted.nanojoules()).isBetween(16_990L, 17_010L);
        assertThat(predicted.interval().low()).isGreaterThan(16_900);
        assertThat(verified(14_310, 14_290, 14_300).fittedOn()).as("where they agree, all count").isEqualTo(8);
    }

    private static EnergyModel verified(double... later) {
        List<WholeNetwork> networks = DoubleStream.concat(DoubleStream.of(14_300, 14_310, 14_290, 14_300, 14_305), DoubleStream.of(later))
            .mapToObj(nanojoules -> WholeNetwork.newBuilder().addAllSegments(List.of("a", "b")).setEnergy(energy(nanojoules, 1)).build()).toList();
        List<WholeNetwork> all = IntStream.range(0, networks.size())
            .mapToObj(i -> networks.get(i).toBuilder().setVerified(i >= 5).build()).toList();
        return EnergyModel.of(CALL, SEGMENTS, all);
    }
}
