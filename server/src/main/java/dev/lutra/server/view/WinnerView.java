package dev.lutra.server.view;

import dev.lutra.search.Measure;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * An exported network and what its devices said of it, ready for people.
 *
 * @param rank from 1
 * @param file in the run's export folder
 * @param verified whether every device confirmed it
 * @param numerics largest difference of the file on a device from the supernet
 */
public record WinnerView(int rank, String architecture, String file, String accuracy, String macs, String params, boolean verified,
    Judged numerics, List<OnDevice> devices) {

    private static final String GOOD = "good";
    private static final String BAD = "bad";

    /** A text with its state: good, bad or empty. */
    public record Judged(String text, String state) {}

    /** What a device said: a figure a row. */
    public record OnDevice(String device, List<Figure> figures) {}

    /**
     * One figure of a network on a device; a dash stands where nothing is known.
     *
     * @param expected where 95 of 100 measurements should lie, and whether this one does
     * @param known the measurement's own interval
     */
    public record Figure(String name, String asked, String predicted, Judged expected, Judged measured, String known, String error) {}

    static List<WinnerView> of(List<Winner> winners) {
        List<WinnerView> views = new ArrayList<>();
        winners.forEach(winner -> views.add(of(views.size() + 1, winner)));
        return views;
    }

    private static WinnerView of(int rank, Winner winner) {
        double difference = winner.checks().stream().mapToDouble(Winner.Check::difference).max().orElse(0);
        boolean agree = winner.checks().stream().allMatch(Winner.Check::numericsAgree);
        return new WinnerView(rank, winner.architecture(), winner.file(), Written.percent(winner.accuracy()),
            Written.millions(winner.measures().get(Measure.MACS)), Written.millions(winner.measures().get(Measure.PARAMS)), winner.isVerified(),
            winner.checks().isEmpty()
                ? new Judged(Written.NOTHING, "")
                : new Judged(String.format(Locale.ROOT, "%.1e", difference), agree ? GOOD : BAD),
            winner.checks().stream().map(check -> new OnDevice(check.device(), figures(check, winner.missed().contains(check)))).toList());
    }

    private static List<Figure> figures(Winner.Check check, boolean missed) {
        Comparison latency = check.latency();
        List<Figure> figures = new ArrayList<>(List.of(new Figure("latency",
            latency.asked().map(Written::millis).or(() -> check.aim().map(nanos -> Written.millis(nanos) + " as target")).orElse(Written.NOTHING),
            latency.predicted().map(Written::millis).orElse(Written.NOTHING),
            new Judged(latency.expected().map(Written::millis).orElse(Written.NOTHING), check.inside().map(WinnerView::state).orElse("")),
            new Judged(measured(check), check.aim().isPresent() ? state(!missed) : asked(latency)),
            latency.known().map(Written::millis).orElse(Written.NOTHING),
            latency.relativeError().map(Written::signedPercent).orElse(Written.NOTHING)
                + check.learned().map(learned -> " (learned" + check.firstError().map(first -> ", first " + Written.signedPercent(first)).orElse("")
                    + ")").orElse(""))));
        add(figures, "p99", check.p99(), Written::millis, asked(check.p99()), "");
        add(figures, "memory", check.memory(), Written::megabytes, judged(check.memory()),
            check.runningBytes() > 0 ? ", " + Written.megabytes(check.runningBytes()) + " while it runs" : "");
        add(figures, "energy", check.energy(), Written::millijoules, judged(check.energy()), each(check));
        return figures;
    }

    /** What nobody asked for, predicted or measured is left out. */
    private static void add(List<Figure> figures, String name, Comparison figure, LongFunction<String> format, String state, String more) {
        if (figure.asked().isPresent() || figure.predicted().isPresent() || figure.isTold()) {
            figures.add(new Figure(name, figure.asked().map(format::apply).orElse(Written.NOTHING),
                figure.predicted().map(format::apply).orElse(Written.NOTHING),
                new Judged(figure.expected().map(interval -> format.apply(interval.low()) + " to " + format.apply(interval.high()))
                    .orElse(Written.NOTHING), figure.inside().map(WinnerView::state).orElse("")),
                new Judged(figure.told(format).orElse(Written.NOTHING) + more, state),
                figure.known().map(interval -> format.apply(interval.low()) + " to " + format.apply(interval.high())).orElse(Written.NOTHING),
                figure.relativeError().map(Written::signedPercent).orElse(Written.NOTHING)));
        }
    }

    /** A call, and where it takes several images, one of them. */
    private static String measured(Winner.Check check) {
        long nanos = check.latency().measured();
        return Written.millis(nanos)
            + (check.batch() > 1 ? " for " + check.batch() + " images, " + Written.millis(nanos / check.batch()) + " each" : "")
            + check.fullNanos().map(full -> " (float32: " + Written.millis(full) + ")").orElse("")
            + check.integers().map(file -> " (int8: " + Written.millis(file.p50Nanos()) + ")").orElse("");
    }

    /** The energy of an image, where a call takes several. */
    private static String each(Winner.Check check) {
        return check.batch() > 1 && check.energy().isTold()
            ? ", " + Written.millijoules(check.energy().measured() / check.batch()) + " an image"
            : "";
    }

    /** By what is asked, or where nothing is, by what was expected. */
    private static String judged(Comparison figure) {
        return figure.asked().isPresent() ? asked(figure) : figure.inside().map(WinnerView::state).orElse("");
    }

    private static String asked(Comparison figure) {
        return figure.asked().isEmpty() || !figure.isTold() ? "" : state(figure.holds());
    }

    private static String state(boolean isGood) {
        return isGood ? GOOD : BAD;
    }

    /** The outcome of a run in a sentence or two. */
    static String verdict(RunFacts facts) {
        if (!facts.experiment().hasSupernet()) {
            return "Accuracies are " + (facts.experiment().predictor().isPresent() ? "predicted by a model" : "those of a table")
                + ": there is no supernet, and nothing to export.";
        }
        List<Winner> winners = facts.winners();
        if (facts.experiment().targets().isEmpty()) {
            return winners.size() + " files exported. The experiment has no targets, so no device was asked: neither their outputs nor "
                + "their latency are checked.";
        }
        if (winners.stream().allMatch(winner -> winner.checks().isEmpty())) {
            return winners.isEmpty() ? "" : winners.size() + " files exported; no device has been asked about them yet.";
        }
        long verified = winners.stream().filter(Winner::isVerified).count();
        Optional<Winner> best = winners.stream().filter(Winner::isVerified).max((a, b) -> Double.compare(a.accuracy(), b.accuracy()));
        if (best.isEmpty()) {
            return "No exported file was confirmed by its devices: see the table.";
        }
        String measured = best.get().checks().stream().map(WinnerView::described).reduce((a, b) -> a + ", " + b).orElse("");
        return String.format(Locale.ROOT, "%d of %d files confirmed on their devices. The most accurate of them is %s: %s, measured %s. %s.",
            verified, winners.size(), best.get().file(), Written.percent(best.get().accuracy()), measured,
            Agreement.of(winners).map(Agreement::described).orElse(""));
    }

    private static String described(Winner.Check check) {
        return measured(check) + " on " + check.device()
            + check.latency().asked().map(limit -> " (limit " + Written.millis(limit) + ")")
                .or(() -> check.aim().map(nanos -> " (target " + Written.millis(nanos) + ")")).orElse("")
            + check.p99().asked().map(limit -> ", p99 " + (check.p99().isTold() ? Written.millis(check.p99().measured()) : Written.NOTHING)
                + " (limit " + Written.millis(limit) + ")").orElse("")
            + check.memory().asked().map(limit -> ", " + (check.memory().isTold() ? Written.megabytes(check.memory().measured()) : "untold")
                + " of memory (limit " + Written.megabytes(limit) + ")").orElse("")
            + check.energy().asked().map(limit -> ", " + (check.energy().isTold()
                ? Written.millijoules(check.energy().measured())
                : "untold energy") + " (limit " + Written.millijoules(limit) + ")").orElse("");
    }
}
