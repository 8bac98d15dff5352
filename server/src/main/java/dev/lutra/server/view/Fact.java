package dev.lutra.server.view;

import dev.lutra.InputException;
import dev.lutra.latency.IntegerKernels;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.server.profile.FrontPrecision;
import dev.lutra.server.profile.Profiler;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One line of where a run's figures come from. */
public record Fact(String key, String value) {

    static List<Fact> of(RunFacts facts) {
        List<Fact> all = new ArrayList<>();
        facts.front().ifPresent(front -> front.provenance().forEach((key, value) -> all.add(new Fact(key, value))));
        all.add(new Fact("space source", facts.space().source()));
        facts.history().durations().forEach((stage, time) -> all.add(new Fact("time for " + stage, Written.clock(time))));
        facts.tables().forEach((device, table) -> addTable(all, facts, device, table));
        return all;
    }

    private static void addTable(List<Fact> all, RunFacts facts, String device, LookupTable table) {
        var content = table.content();
        all.add(new Fact("device " + device, content.getDevice().getCpu() + ", " + content.getDevice().getOs() + ", "
            + content.getRuntime().getName() + " " + content.getRuntime().getVersion() + " " + content.getRuntime().getProvider()
            + ", threads " + content.getRuntime().getThreads()));
        MeasuringRules.of(table).forEach(rules -> all.add(new Fact("rules " + device, rules)));
        all.add(new Fact("table " + device, table.origin() + ": " + table.entries().size() + " segments"
            + table.calibration().map(fit -> ", " + Profiler.described(fit)).orElse(", not calibrated")));
        IntegerKernels.of(table).ifPresent(kernels -> all.add(new Fact("integers " + device, kernels.described())));
        new LatencyModel(table).memory().ifPresent(memory -> all.add(new Fact("memory " + device, String.format(Locale.ROOT,
            "predicted from %d networks; each left out: mean error %.1f %%", memory.fittedOn(), 100 * memory.meanRelativeError()))));
        if (table.isMeasured()) {
            all.add(new Fact("precision " + device, Profiler.precision(table)
                + facts.experiment().profile().budget().map(time -> ", within " + time.toMillis() / 1e3 + " s").orElse("")));
        }
        facts.networks().flatMap(space -> facts.front().flatMap(front -> {
            try {
                return FrontPrecision.of(device, table, facts.experiment().timed(space), front);
            } catch (InputException e) {
                return Optional.empty(); // a table that is being measured lacks some of their segments
            }
        })).ifPresent(precision -> all.add(new Fact("front " + device, precision.described())));
    }

    /** Of texts by name, in their order. */
    static List<Fact> of(Map<String, String> texts) {
        return texts.entrySet().stream().map(text -> new Fact(text.getKey(), text.getValue())).toList();
    }
}
