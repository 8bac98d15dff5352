package dev.lutra.server.view;

import dev.lutra.ranking.CorrectedRanking;
import dev.lutra.ranking.Estimate;
import dev.lutra.ranking.Ranking;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Networks whose accuracies by themselves are known, in the supernet's order.
 *
 * @param plot points, one a network
 * @param warning empty where there is none
 */
public record RankingView(Plot plot, String note, String warning) {

    static Optional<RankingView> of(RunFacts facts) {
        return facts.ranked().flatMap(ranked -> facts.networks().map(space -> {
            Ranking ranking = SupernetOrder.ranking(ranked, facts.experiment().rank().orElseThrow(), facts.experiment().training().seed(), space);
            Plot.Points points = new Plot.Points();
            ranked.networks().forEach(network -> points.add(100 * network.supernet(), 100 * network.alone()));
            return new RankingView(new Plot("accuracy with the supernet's weights (%)", "accuracy trained alone (%)",
                List.of(points.as("networks"))), note(ranking), ranking.warning().orElse(""));
        }));
    }

    private static String note(Ranking ranking) {
        String baselines = ranking.baselines().stream().map(baseline -> baseline.name() + " " + tau(baseline.tau()))
            .collect(Collectors.joining(", "));
        return String.format(Locale.ROOT, "%d networks: Kendall's tau %s (95 %% interval), Spearman's rho %s. Without any training: tau of %s. "
            + "The truly best of the supernet's first %d is %.2f points below the best of all.", ranking.networks(), tau(ranking.tau()),
            tau(ranking.spearman()), baselines, ranking.top(), 100 * ranking.topRegret().value())
            + ranking.corrected().map(RankingView::corrected).orElse("");
    }

    private static String corrected(CorrectedRanking corrected) {
        return String.format(Locale.ROOT, " Corrected by %d of the networks, as the search has it: tau %s on %d that were not learned from.",
            corrected.learned(), tau(corrected.tau()), corrected.judged());
    }

    private static String tau(Estimate estimate) {
        return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", estimate.value(), estimate.low(), estimate.high());
    }
}
