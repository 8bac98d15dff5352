package dev.lutra.server.cli.run;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.decision.ShareInterval;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.report.CallFigures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** A front to choose from: every network with its accuracy's interval and what it costs more than the one before. */
final class FrontTable {

    private final Front front;
    private final OptionalLong images;
    private final CallFigures calls;

    /** @param images that accuracies are shares of; empty where they are no such shares */
    FrontTable(Front front, OptionalLong images, CallFigures calls) {
        this.calls = calls;
        this.front = front;
        this.images = images;
    }

    String text() {
        StringBuilder text = new StringBuilder();
        for (TradeOff tradeOff : TradeOff.all(front)) {
            String measure = tradeOff.cost().measure();
            TextTable table = new TextTable(measure, "accuracy", "95 %", "more accuracy", "costs", "", "architecture");
            for (TradeOff.Step step : tradeOff.steps()) {
                Candidate candidate = step.candidate();
                boolean first = step == tradeOff.steps().get(0);
                table.row(value(measure, candidate.measures().get(measure)), Figures.percent(candidate.accuracy()), interval(candidate),
                    first ? "" : String.format(Locale.ROOT, "%+.2f %%", 100 * step.gained()),
                    first ? "" : signed(measure, step.paid()), step.isKnee() ? "knee" : "", candidate.architecture());
            }
            text.append(table).append(System.lineSeparator());
        }
        return text.append("lutra pick RUN --latency DEVICE=TIME, --at-most MEASURE=VALUE or --arch A exports and verifies one of them")
            .append(System.lineSeparator()).toString();
    }

    private String interval(Candidate candidate) {
        if (images.isEmpty()) {
            return "-";
        }
        ShareInterval interval = ShareInterval.of(candidate.accuracy(), images.getAsLong());
        return Figures.percent(interval.low()) + " to " + Figures.percent(interval.high());
    }

    private String value(String measure, double value) {
        return calls.figure(measure, value);
    }

    private String signed(String measure, double value) {
        return (value < 0 ? "-" : "+") + value(measure, Math.abs(value));
    }

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        images.ifPresent(count -> document.put("validation_images", count));
        Map<String, Object> tradeOffs = new LinkedHashMap<>();
        for (TradeOff tradeOff : TradeOff.all(front)) {
            List<Map<String, Object>> steps = new ArrayList<>();
            for (TradeOff.Step step : tradeOff.steps()) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("arch", step.candidate().architecture().toString());
                entry.put("measures", step.candidate().measures().values());
                images.ifPresent(count -> {
                    ShareInterval interval = ShareInterval.of(step.candidate().accuracy(), count);
                    entry.put("accuracy_low", interval.low());
                    entry.put("accuracy_high", interval.high());
                });
                int called = calls.images(tradeOff.cost().measure());
                if (called > 1) {
                    entry.put("batch", called);
                }
                entry.put("gained", step.gained());
                entry.put("paid", step.paid());
                entry.put("knee", step.isKnee());
                steps.add(entry);
            }
            tradeOffs.put(tradeOff.cost().measure(), steps);
        }
        document.put("fronts", tradeOffs);
        return document;
    }
}
