package dev.lutra.measure.sums;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.LiveValues;
import dev.lutra.cost.ModelSize;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.Tables;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.measure.Additive;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.network.Network;
import dev.lutra.proto.Energy;
import dev.lutra.proto.Memory;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.MeasureArray;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The interpreted network is the oracle. */
class CostTableTest {

    private static final int NETWORKS = 25;

    static Stream<String> chains() {
        return SpaceFile.builtIn().stream().filter(name -> !name.startsWith("nao-cell"));
    }

    private static double[] sums(CostTable table, Architecture architecture) {
        double[] sums = new double[table.columns()];
        table.sum(architecture.values(), sums);
        return sums;
    }

    @ParameterizedTest
    @MethodSource("chains")
    void countsAreTheInterpretedOnesToTheLastDigit(String name) {
        SearchSpace space = SpaceFile.load(name);
        CostTable table = CostTable.of(space, CountingRule.MACS, List.of()).orElseThrow();
        Random random = new Random(1);
        for (int i = 0; i < NETWORKS; i++) {
            Architecture architecture = space.random(random);
            assertThat(CostTable.cost(sums(table, architecture))).as(architecture.toString())
                .isEqualTo(CountingRule.MACS.count(space.build(architecture)));
        }
    }

    /** Every segment of a chain reads what the one before it gives, so the greediest is what the whole network needs at once. */
    @ParameterizedTest
    @MethodSource("chains")
    void whatLivesAtTheSameTimeIsThatOfTheWholeNetwork(String name) {
        SearchSpace space = SpaceFile.load(name);
        CostTable table = CostTable.of(space, CountingRule.MACS, List.of()).orElseThrow();
        Random random = new Random(1);
        for (int i = 0; i < NETWORKS; i++) {
            Architecture architecture = space.random(random);
            assertThat(CostTable.liveValues(sums(table, architecture))).as(architecture.toString())
                .isEqualTo(LiveValues.most(space.build(architecture)));
        }
    }

    @ParameterizedTest
    @EnumSource(CountingRule.class)
    void everyRuleThatCountsSegmentBySegmentIsTabulated(CountingRule rule) {
        SearchSpace space = SpaceFile.load("fbnet");
        Optional<CostTable> table = CostTable.of(space, rule, List.of());
        assertThat(table.isPresent()).isEqualTo(rule != CountingRule.MICRONET);
        Random random = new Random(2);
        for (int i = 0; i < 5 && table.isPresent(); i++) {
            Architecture architecture = space.random(random);
            assertThat(CostTable.cost(sums(table.get(), architecture))).isEqualTo(rule.count(space.build(architecture).ops()));
        }
    }

    @Test
    void cellsHaveNoSlots() {
        assertThat(CostTable.of(SpaceFile.load("nao-cell"), CountingRule.MACS, List.of())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"spos-shufflenetv2", "bs-nas", "fairnas-cifar"})
    void latenciesOfATableAreThePredictedOnes(String name) {
        SearchSpace space = SpaceFile.load(name);
        LatencyModel model = new LatencyModel(Tables.of(space));
        CostTable table = CostTable.of(space, CountingRule.MACS, List.of(model)).orElseThrow();
        Random random = new Random(3);
        for (int i = 0; i < NETWORKS; i++) {
            Architecture architecture = space.random(random);
            assertThat(model.nanos(CostTable.addedNanos(sums(table, architecture), 0)))
                .isEqualTo(model.predict(space.build(architecture)).nanos());
        }
    }

    /** Longer networks have a heavier tail, so that p99 is not one factor. */
    @Test
    void calibratedLatenciesAndTheirP99AreThePredictedOnesWithinRounding() {
        SearchSpace space = Tables.smallSpace();
        LookupTable entries = Tables.of(space);
        LatencyModel plain = new LatencyModel(entries);
        Random random = new Random(4);
        List<WholeNetwork> measured = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Network network = space.build(space.random(random));
            double p50 = 5_000 + 1.3 * plain.predict(network).nanos() * (1 + 0.02 * random.nextGaussian());
            measured.add(Tables.measured(network, Math.round(p50), Math.round(p50 * (1.1 + p50 / 1e8)), i >= 30));
        }
        LatencyModel model = new LatencyModel(
            LookupTable.of(entries.content().toBuilder().setCalibration(Calibrator.fit(entries, measured)).build()));
        assertThat(model.predictsP99()).isTrue();
        CostTable table = CostTable.of(space, CountingRule.MACS, List.of(model)).orElseThrow();
        SlotSum latency = table.sumOf(new Additive.Latency(), 0).orElseThrow();
        SlotSum tail = table.sumOf(new Additive.TailLatency(), 0).orElseThrow();
        for (int i = 0; i < 500; i++) {
            Architecture architecture = space.random(random);
            Prediction predicted = model.predict(space.build(architecture));
            double added = CostTable.addedNanos(sums(table, architecture), 0);
            assertThat((double) model.nanos(added)).isCloseTo(predicted.nanos(), within(1.0));
            assertThat((double) model.p99Nanos(model.nanos(added))).isCloseTo(predicted.p99().orElseThrow().nanos(), within(2.0));
            assertThat(latency.value().applyAsDouble(total(latency, architecture))).isCloseTo(predicted.nanos(), within(1.0));
            assertThat(tail.value().applyAsDouble(total(tail, architecture)))
                .isCloseTo(predicted.p99().orElseThrow().nanos(), within(2.0));
        }
    }

    /** Of a table whose networks state their memory, by a law of its own. */
    @Test
    void peakMemoryOfAnArrayIsThePredictedOne() {
        SearchSpace space = Tables.smallSpace();
        LookupTable entries = Tables.of(space);
        LatencyModel plain = new LatencyModel(entries);
        Random random = new Random(5);
        List<WholeNetwork> measured = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            Network network = space.build(space.random(random));
            NetworkMemory memory = plain.memoryOf(network);
            measured.add(Tables.measured(network, 2 * plain.predict(network).nanos(), 0, i >= 20).toBuilder().setMemory(memory.toBuilder()
                .setMeasured(Memory.newBuilder().setPeakBytes(100_000 + 3 * memory.getWeightBytes() + 2 * memory.getLiveBytes()))).build());
        }
        LatencyModel model = new LatencyModel(
            LookupTable.of(entries.content().toBuilder().setCalibration(Calibrator.fit(entries, measured)).build()));
        CheapMeasures cheap = CheapMeasures.counted(space, Map.of("box", model));
        assertThat(cheap.names()).contains("memory:box");
        assertThat(CheapMeasures.counted(space, Map.of("box", plain)).names()).doesNotContain("memory:box");
        MeasureArray array = cheap.array(List.of("memory:box")).orElseThrow();
        double[] found = new double[1];
        for (int i = 0; i < NETWORKS; i++) {
            Architecture architecture = space.random(random);
            NetworkMemory memory = model.memoryOf(space.build(architecture));
            array.tell(architecture.values(), found);
            assertThat(found[0]).isCloseTo(100_000 + 3 * memory.getWeightBytes() + 2 * memory.getLiveBytes(), within(1.0));
            assertThat(cheap.of(architecture).get("memory:box")).isEqualTo(found[0]);
        }
    }

    @Test
    void energyIsTheSumOfItsSegments() {
        SearchSpace space = Tables.smallSpace();
        dev.lutra.proto.LookupTable.Builder told = Tables.of(space).content().toBuilder();
        Energy.Builder energy = Energy.newBuilder().setHalfWidthNanojoules(1).setIdleWatts(2).setWindows(5);
        told.setCallEnergy(energy.setNanojoules(500));
        told.getEntriesBuilderList().forEach(entry -> entry.setEnergy(energy.setNanojoules(500 + 3.0 * entry.getLatency().getP50Nanos())));
        LatencyModel model = new LatencyModel(LookupTable.of(told.build()));
        CheapMeasures cheap = CheapMeasures.counted(space, Map.of("box", model));
        assertThat(cheap.names()).contains("energy:box");
        assertThat(CheapMeasures.counted(space, Map.of("box", new LatencyModel(Tables.of(space)))).names()).doesNotContain("energy:box");
        MeasureArray array = cheap.array(List.of("energy:box")).orElseThrow();
        SlotSum sum = cheap.slotSum("energy:box").orElseThrow();
        double[] found = new double[1];
        Random random = new Random(6);
        for (int i = 0; i < NETWORKS; i++) {
            Architecture architecture = space.random(random);
            long predicted = model.energy().orElseThrow().predict(model.predict(space.build(architecture)).parts().stream()
                .map(Prediction.Part::key).toList()).nanojoules();
            array.tell(architecture.values(), found);
            assertThat(found[0]).isCloseTo(predicted, within(1.0));
            assertThat(cheap.of(architecture).get("energy:box")).isEqualTo(found[0]);
            assertThat(sum.value().applyAsDouble(total(sum, architecture))).isCloseTo(predicted, within(1.0));
        }
        told.getEntriesBuilder(0).clearEnergy();
        assertThat(new LatencyModel(LookupTable.of(told.build())).energy()).as("of a table with gaps").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet-bits-cifar", "shufflenetv2-cifar-bits", "oneshot"})
    void bitOpsAndSizesAreThoseOfTheWholeNetwork(String name) {
        SearchSpace space = SpaceFile.load(name);
        CheapMeasures cheap = CheapMeasures.counted(space, Map.of(),
            Map.of("bitops", MeasureKinds.ALL.usual("bitops"), "size", MeasureKinds.ALL.usual("size")));
        for (String measure : List.of("bitops", "size")) {
            SlotSum sum = cheap.slotSum(measure).orElseThrow();
            Slots slots = cheap.slots().orElseThrow();
            Random random = new Random(8);
            for (int i = 0; i < 10; i++) {
                int[] combinations = IntStream.range(0, slots.count()).map(slot -> random.nextInt(slots.combinations(slot))).toArray();
                int[] values = new int[space.genes().size()];
                IntStream.range(0, combinations.length).forEach(slot -> slots.set(values, slot, combinations[slot]));
                Network network = space.build(space.architecture(values));
                long expected = measure.equals("size") ? ModelSize.of(network).bytes() : CountingRule.BITOPS.count(network).macs();
                assertThat(sum.fixed() + IntStream.range(0, combinations.length).mapToDouble(slot -> sum.parts().get(slot)[combinations[slot]]).sum())
                    .isEqualTo(expected);
                assertThat(cheap.of(space.architecture(values)).get(measure)).isEqualTo(expected);
            }
        }
    }

    /** In the small space every slot is a gene. */
    private static double total(SlotSum sum, Architecture architecture) {
        return sum.fixed() + IntStream.range(0, sum.parts().size()).mapToDouble(slot -> sum.parts().get(slot)[architecture.value(slot)]).sum();
    }

    @Test
    void whatATableLacksIsNoNumber() {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        LatencyModel phone = new LatencyModel(LookupTable.load(Path.of("../lut/note10-ofa.json")));
        LatencyModel other = new LatencyModel(LookupTable.load(Path.of("../lut/pixel1-singlepath.json")));
        CostTable table = CostTable.of(space, CountingRule.MACS, List.of(phone, other)).orElseThrow();
        Architecture architecture = space.random(new Random(5));
        double[] sums = sums(table, architecture);
        assertThat(phone.nanos(CostTable.addedNanos(sums, 0))).isEqualTo(phone.predict(space.build(architecture)).nanos());
        assertThat(CostTable.addedNanos(sums, 1)).isNaN();
        assertThat(table.sumOf(new Additive.Latency(), 1)).isEmpty();
    }

    @Test
    void combinationsThatAreOneArchitectureCountOnce() {
        SearchSpace space = SpaceFile.load("oneshot");
        Slots slots = Slots.of(space).orElseThrow();
        Options all = Options.all(space);
        Set<Architecture> met = new HashSet<>();
        for (int combination = 0; combination < slots.combinations(0); combination++) {
            int[] values = new int[space.genes().size()];
            slots.set(values, 0, combination);
            met.add(space.architecture(values));
        }
        assertThat(slots.different(0, all)).hasSize(met.size());
        assertThat(slots.different(0, Options.only(space, space.random(new Random(6))))).hasSize(1);
        BigInteger size = IntStream.range(0, slots.count()).mapToObj(slot -> BigInteger.valueOf(slots.different(slot, all).length))
            .reduce(BigInteger.ONE, BigInteger::multiply);
        assertThat(size).isEqualTo(space.size());
    }
}
