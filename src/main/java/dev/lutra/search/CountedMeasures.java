package dev.lutra.search;

import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Prediction;
import dev.lutra.measure.Additive;
import dev.lutra.measure.Facts;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.measure.sums.CostTable;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.network.Network;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.TreeSet;

/**
 * Counted and predicted: from tabulated sums where the space is a chain of slots, else, and where a table lacks a segment, by building
 * the network and interpreting it.
 */
final class CountedMeasures implements CheapMeasures {

    private final SearchSpace space;
    private final SortedMap<String, LatencyModel> targets;
    private final SortedMap<String, MeasureKind> kinds;
    private final List<String> devices;
    private final List<LatencyModel> models;
    private final Optional<CostTable> sums;

    CountedMeasures(SearchSpace space, SortedMap<String, LatencyModel> targets, SortedMap<String, MeasureKind> kinds) {
        this.space = space;
        this.targets = targets;
        this.kinds = kinds;
        devices = List.copyOf(targets.keySet());
        models = List.copyOf(targets.values());
        sums = CostTable.of(space, CountingRule.MACS, models);
    }

    @Override
    public SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>();
        kinds.forEach((name, kind) -> {
            if (kind.isOnDevice()) {
                targets.forEach((device, model) -> {
                    if (kind.isToldBy(model)) {
                        names.add(onDevice(name, device));
                    }
                });
            } else if (!kind.needsAccuracy() && !(kind.isOverDevices() && targets.isEmpty())) {
                names.add(name);
            }
        });
        return names;
    }

    @Override
    public SortedSet<String> namesWithAccuracy() {
        SortedSet<String> names = new TreeSet<>();
        kinds.forEach((name, kind) -> {
            if (kind.needsAccuracy() && !name.equals(Measure.ACCURACY)) {
                names.add(name);
            }
        });
        return names;
    }

    @Override
    public Measures of(Architecture architecture) {
        return sums.flatMap(table -> summed(table, architecture)).orElseGet(() -> interpreted(architecture));
    }

    /** Empty where a table lacks a segment of the network: interpreting says which. */
    private Optional<Measures> summed(CostTable table, Architecture architecture) {
        double[] sum = new double[table.columns()];
        table.sum(architecture.values(), sum);
        Facts facts = Facts.of(() -> space.build(architecture), CostTable.cost(sum));
        List<Facts> there = new ArrayList<>();
        for (int device = 0; device < models.size(); device++) {
            double added = CostTable.addedNanos(sum, device);
            if (Double.isNaN(added)) {
                return Optional.empty();
            }
            there.add(predicted(facts, models.get(device), added, CostTable.liveValues(sum), table.addedNanojoules(sum, device)));
        }
        return Optional.of(measures(facts, there));
    }

    private static Facts predicted(Facts facts, LatencyModel model, double added, long liveValues, double energy) {
        long nanos = model.nanos(added);
        return facts.on(nanos, model.predictsP99() ? OptionalLong.of(model.p99Nanos(nanos)) : OptionalLong.empty(),
            peakBytes(model, model.memoryOf(facts.cost().params(), liveValues)), nanojoules(model, energy));
    }

    private static OptionalLong nanojoules(LatencyModel model, double added) {
        return model.energy().map(energy -> OptionalLong.of(energy.nanojoules(added))).orElse(OptionalLong.empty());
    }

    private static OptionalLong peakBytes(LatencyModel model, NetworkMemory network) {
        return model.memory().map(memory -> OptionalLong.of(memory.bytes(network.getWeightBytes(), network.getLiveBytes())))
            .orElse(OptionalLong.empty());
    }

    private Measures interpreted(Architecture architecture) {
        Network network = space.build(architecture);
        Facts facts = Facts.of(network);
        return measures(facts, models.stream().map(model -> {
            Prediction prediction = model.predict(network);
            return facts.on(prediction.nanos(), prediction.p99().map(tail -> OptionalLong.of(tail.nanos())).orElse(OptionalLong.empty()),
                peakBytes(model, model.memoryOf(network)),
                nanojoules(model, network.segments().stream().mapToDouble(model::addedNanojoules).sum()));
        }).toList());
    }

    /** @param there the same facts on each device */
    private Measures measures(Facts facts, List<Facts> there) {
        SortedMap<String, Double> values = new TreeMap<>();
        Facts onAll = facts.onAll(there.stream().map(Facts::nanos).mapToLong(OptionalLong::orElseThrow).max());
        kinds.forEach((name, kind) -> {
            if (!kind.isOnDevice() && !kind.needsAccuracy() && !(kind.isOverDevices() && there.isEmpty())) {
                values.put(name, kind.of(onAll));
            }
            for (int device = 0; kind.isOnDevice() && device < there.size(); device++) {
                if (kind.isToldBy(models.get(device))) {
                    values.put(onDevice(name, devices.get(device)), kind.of(there.get(device)));
                }
            }
        });
        return new Measures(values);
    }

    @Override
    public Measures completed(Architecture architecture, Measures withAccuracy) {
        SortedSet<String> names = namesWithAccuracy();
        if (names.isEmpty()) {
            return withAccuracy;
        }
        Facts facts = counted(architecture).judged(withAccuracy.get(Measure.ACCURACY));
        Measures completed = withAccuracy;
        for (String name : names) {
            completed = completed.with(name, kinds.get(name).of(facts));
        }
        return completed;
    }

    private Facts counted(Architecture architecture) {
        if (sums.isEmpty()) {
            return Facts.of(space.build(architecture));
        }
        double[] sum = new double[sums.get().columns()];
        sums.get().sum(architecture.values(), sum);
        return Facts.of(() -> space.build(architecture), CostTable.cost(sum));
    }

    @Override
    public Optional<Slots> slots() {
        return sums.map(CostTable::slots);
    }

    @Override
    public Optional<SlotSum> slotSum(String measure) {
        Optional<Additive> additive = Optional.ofNullable(kinds.get(MeasureKinds.kind(measure))).flatMap(MeasureKind::additive);
        return sums.flatMap(table -> additive.flatMap(sum -> table.sumOf(sum, device(measure))));
    }

    /** Number of the device that a measure is of; −1 if it is of none. */
    private int device(String measure) {
        return devices.indexOf(measure.substring(measure.indexOf(':') + 1));
    }

    @Override
    public Optional<MeasureArray> array(List<String> names) {
        return sums.map(table -> {
            List<Teller> tellers = names.stream().map(this::teller).toList();
            Teller[] each = tellers.toArray(Teller[]::new);
            double[] sum = new double[table.columns()];
            return (geneValues, measures) -> {
                table.sum(geneValues, sum);
                for (int i = 0; i < each.length; i++) {
                    measures[i] = each[i].of(geneValues, sum);
                }
            };
        });
    }

    /** Tells one measure of an architecture that was summed up. */
    @FunctionalInterface
    private interface Teller {
        double of(int[] geneValues, double[] sum);
    }

    private Teller teller(String measure) {
        MeasureKind kind = kinds.get(MeasureKinds.kind(measure));
        if (kind == null || !names().contains(measure)) {
            throw new IllegalArgumentException(measure + ": no such measure (expected: one of " + String.join(", ", names()) + ")");
        }
        int device = device(measure);
        if (kind.isOnDevice()) {
            return latency(kind, device)
                .orElse((values, sum) -> kind.of(predicted(facts(values, sum), models.get(device), known(sum, device, values),
                    CostTable.liveValues(sum), sums.orElseThrow().addedNanojoules(sum, device))));
        }
        return kind.isOverDevices()
            ? (values, sum) -> kind.of(facts(values, sum).onAll(
                IntStream.range(0, models.size()).mapToLong(number -> models.get(number).nanos(known(sum, number, values))).max()))
            : (values, sum) -> kind.of(facts(values, sum));
    }

    private Optional<Teller> latency(MeasureKind kind, int device) {
        LatencyModel model = models.get(device);
        return kind.additive().filter(additive -> !(additive instanceof Additive.Energy)).map(additive -> additive instanceof Additive.TailLatency
            ? (values, sum) -> model.p99Nanos(model.nanos(known(sum, device, values)))
            : (values, sum) -> model.nanos(known(sum, device, values)));
    }

    /** @throws dev.lutra.InputException if the device's table lacks a segment, naming it */
    private double known(double[] sum, int device, int[] values) {
        double added = CostTable.addedNanos(sum, device);
        if (Double.isNaN(added)) {
            interpreted(space.architecture(values));
        }
        return added;
    }

    private Facts facts(int[] values, double[] sum) {
        return Facts.of(() -> space.build(space.architecture(values)), CostTable.cost(sum));
    }

    private static String onDevice(String name, String device) {
        return name + ":" + device;
    }
}
