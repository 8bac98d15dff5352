package dev.lutra.server.cli.run;

import dev.lutra.ranking.Estimate;
import dev.lutra.ranking.Ranking;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.run.ExperimentRun;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "rank", mixinStandardHelpOptions = true, description = "How well the supernet orders networks whose accuracies by themselves are known or trained, beside what needs no training.")
public final class RankCommand extends AnsweringCommand {

    @Override
    int answer(ExperimentRun run, boolean json) {
        Ranking ranking = run.rank();
        System.out.print(json ? Json.line(document(ranking)) + System.lineSeparator() : text(ranking));
        return 0;
    }

    private static String text(Ranking ranking) {
        TextTable order = new TextTable("ranked by", "Kendall's tau", "95 % interval", "lead of the supernet", "95 % interval");
        order.row("supernet", value(ranking.tau()), interval(ranking.tau()), "", "");
        ranking.baselines().forEach(baseline -> order.row(baseline.name(), value(baseline.tau()), interval(baseline.tau()),
            String.format(Locale.ROOT, "%+.3f", baseline.lead().value()), interval(baseline.lead())));
        TextTable further = new TextTable("the supernet, " + ranking.networks() + " networks", "", "95 % interval");
        further.row("Spearman's rho", value(ranking.spearman()), interval(ranking.spearman()));
        further.row("tau at equal depth", value(ranking.tauAtEqualDepth()), interval(ranking.tauAtEqualDepth()));
        further.row("points missed by its favourite", points(ranking.favouriteRegret().value()), pointInterval(ranking.favouriteRegret()));
        further.row("by the best of its first " + ranking.top(), points(ranking.topRegret().value()), pointInterval(ranking.topRegret()));
        ranking.corrected().ifPresent(corrected -> {
            String how = "corrected by " + corrected.learned() + ", on " + corrected.judged() + " not learned from: tau";
            further.row(how, value(corrected.tau()), interval(corrected.tau()));
            further.row("lead over the supernet's own", String.format(Locale.ROOT, "%+.3f", corrected.lead().value()), interval(corrected.lead()));
        });
        return order + System.lineSeparator() + further;
    }

    private static String value(Estimate estimate) {
        return String.format(Locale.ROOT, "%.3f", estimate.value());
    }

    private static String interval(Estimate estimate) {
        return String.format(Locale.ROOT, "%.3f to %.3f", estimate.low(), estimate.high());
    }

    private static String points(double share) {
        return String.format(Locale.ROOT, "%.2f", 100 * share);
    }

    private static String pointInterval(Estimate estimate) {
        return points(estimate.low()) + " to " + points(estimate.high());
    }

    private static Map<String, Object> document(Ranking ranking) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("networks", ranking.networks());
        document.put("tau", document(ranking.tau()));
        document.put("spearman", document(ranking.spearman()));
        document.put("tau_at_equal_depth", document(ranking.tauAtEqualDepth()));
        document.put("top", ranking.top());
        document.put("favourite_regret", document(ranking.favouriteRegret()));
        document.put("top_regret", document(ranking.topRegret()));
        List<Map<String, Object>> baselines = ranking.baselines().stream().<Map<String, Object>>map(baseline -> Map.of(
            "name", baseline.name(), "tau", document(baseline.tau()), "lead", document(baseline.lead()))).toList();
        document.put("baselines", baselines);
        ranking.corrected().ifPresent(corrected -> document.put("corrected", Map.of("learned_from", corrected.learned(), "judged_on",
            corrected.judged(), "tau", document(corrected.tau()), "lead", document(corrected.lead()))));
        ranking.warning().ifPresent(warning -> document.put("warning", warning));
        return document;
    }

    /** What a sample does not tell is left out, for JSON has no such number. */
    private static Map<String, Double> document(Estimate estimate) {
        Map<String, Double> document = new LinkedHashMap<>();
        Map.of("value", estimate.value(), "low", estimate.low(), "high", estimate.high()).forEach((key, value) -> {
            if (Double.isFinite(value)) {
                document.put(key, value);
            }
        });
        return document;
    }
}
