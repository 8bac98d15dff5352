package dev.lutra.latency.table;

import dev.lutra.latency.Estimators;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Entry;
import dev.lutra.proto.SystemState;
import dev.lutra.space.SearchSpace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.LongStream;

/** Looks for reasons not to rely on a table: what its entries say of how they were measured, and what it lacks. */
public final class TableCheck {

    /** How bad a finding is; {@link #SERIOUS} means that predictions are impossible or not worth having. */
    public enum Severity {
        NOTE, WARNING, SERIOUS
    }

    /**
     * One thing found.
     *
     * @param check what was looked at: age, convergence, steadiness, drift, scale, disturbance, missing, calibration,
     *     estimator, source
     * @param subject the entry or segment, or the whole table
     */
    public record Finding(Severity severity, String check, String subject, String message) {}

    /** The default of how old an entry may be: a driver or system update a season is usual. */
    public static final Duration USUAL_AGE = Duration.ofDays(180);

    private static final String TABLE = "table";
    private static final double WIDE = 0.1; // half of an interval that no longer tells neighbouring blocks apart
    private static final double MUCH_DRIFT = 0.1; // less is in every interval, as doubt about the scaling
    private static final double TOO_MUCH_DRIFT = 0.2;
    private static final double OTHER_LEVEL = 0.2;
    private static final double SAME_SCALE = 0.005; // less is what a reference found twice may differ by
    private static final double OTHER_SCALE = 0.03;
    private static final double LARGE_ERROR = 0.05;
    private static final double TOO_LARGE_ERROR = 0.1;
    private static final int FEW_HELD_OUT = 10;

    private final LookupTable table;
    private final List<Finding> findings = new ArrayList<>();

    private TableCheck(LookupTable table) {
        this.table = table;
    }

    /**
     * Checks a table.
     *
     * @param space whose segments have to be there; empty: not looked at
     * @param maxAge of an entry
     * @param now the time to judge ages by
     * @return what was found, the worst first
     */
    public static List<Finding> check(LookupTable table, Optional<SearchSpace> space, Duration maxAge, Instant now) {
        TableCheck check = new TableCheck(table);
        check.calibration();
        if (table.isMeasured()) {
            check.age(maxAge, now);
            check.estimators();
            check.scales();
            check.modes("frequency governors", SystemState::getGovernor);
            check.modes("power modes", SystemState::getPowerMode);
            table.entries().forEach(check::entry);
        } else {
            check.find(Severity.NOTE, "source", TABLE, "taken as it is (" + table.content().getSource()
                + "): age, convergence and drift of the measurements are not recorded");
        }
        space.ifPresent(check::missing);
        check.findings.sort((a, b) -> b.severity().compareTo(a.severity()));
        return List.copyOf(check.findings);
    }

    private void find(Severity severity, String check, String subject, String message) {
        findings.add(new Finding(severity, check, subject, message));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private void calibration() {
        if (table.calibration().isEmpty()) {
            find(table.isMeasured() ? Severity.WARNING : Severity.NOTE, "calibration", TABLE,
                "none: the error on whole networks is unknown");
            return;
        }
        Calibration fit = table.calibration().get();
        double error = fit.getMeanRelativeError();
        Severity severity = error > TOO_LARGE_ERROR ? Severity.SERIOUS : error > LARGE_ERROR ? Severity.WARNING : Severity.NOTE;
        find(severity, "calibration", TABLE, "mean error " + percent(error) + " on " + fit.getHeldOut()
            + " held-out networks, worst " + percent(fit.getWorstRelativeError()));
        if (fit.getHeldOut() < FEW_HELD_OUT) {
            find(Severity.NOTE, "calibration", TABLE, "few networks held out: " + fit.getHeldOut() + " (better: at least "
                + FEW_HELD_OUT + ")");
        }
    }

    private void estimators() {
        SortedSet<String> estimators = Estimators.of(table);
        boolean someSayNothing = estimators.remove("");
        if (estimators.size() > 1) {
            find(Severity.SERIOUS, "estimator", TABLE, "entries by " + String.join(" and ", estimators)
                + ": their figures do not add up, measure the table anew");
        } else if (estimators.size() == 1 && someSayNothing) {
            find(Severity.WARNING, "estimator", TABLE, "some entries by " + estimators.first() + ", others do not say by which");
        }
    }

    /** Entries of one table are scaled to one reference a sentinel, or they do not compare. */
    private void scales() {
        Map<String, LongSummaryStatistics> references = new TreeMap<>();
        for (Circumstances how : table.entries().stream().filter(Entry::hasCircumstances).map(Entry::getCircumstances).toList()) {
            note(references, "the small sentinel", how.getCoreSentinelReferenceNanos());
            // An agent with a small one has two large ones, whose levels say nothing of each other.
            if (!how.getSentinel().isEmpty() || how.getCoreSentinelReferenceNanos() == 0) {
                note(references, ("the sentinel " + how.getSentinel()).strip(), how.getSentinelReferenceNanos());
            }
        }
        references.forEach((sentinel, reference) -> {
            double apart = (double) reference.getMax() / reference.getMin() - 1;
            if (apart > SAME_SCALE) {
                find(apart > OTHER_SCALE ? Severity.SERIOUS : Severity.WARNING, "scale", TABLE, String.format(Locale.ROOT,
                    "entries stand on different scales: the reference level of %s was %d ns for some and %d ns for others",
                    sentinel, reference.getMin(), reference.getMax()));
            }
        });
    }

    private static void note(Map<String, LongSummaryStatistics> references, String sentinel, long nanos) {
        if (nanos > 0) {
            references.computeIfAbsent(sentinel, first -> new LongSummaryStatistics()).accept(nanos);
        }
    }

    private void age(Duration maxAge, Instant now) {
        LongStream times = table.entries().stream().mapToLong(entry -> entry.getCircumstances().getMeasuredAtMillis());
        List<Long> ages = times.filter(time -> time > 0).map(time -> now.toEpochMilli() - time).boxed().toList();
        int undated = table.entries().size() - ages.size();
        if (undated > 0) {
            find(Severity.WARNING, "age", TABLE, undated + " of " + table.entries().size()
                + " entries do not say when they were measured");
        }
        long old = ages.stream().filter(age -> age > maxAge.toMillis()).count();
        if (old > 0) {
            long oldest = ages.stream().mapToLong(Long::longValue).max().orElseThrow();
            find(Severity.WARNING, "age", TABLE, old + " of " + table.entries().size() + " entries are older than "
                + maxAge.toDays() + " days, the oldest " + Duration.ofMillis(oldest).toDays());
        }
    }

    private void entry(Entry entry) {
        String subject = entry.getKey() + " " + entry.getLabel();
        if (!entry.hasCircumstances()) {
            find(Severity.WARNING, "convergence", subject, "how it was measured is not recorded");
            return;
        }
        Circumstances how = entry.getCircumstances();
        convergence(entry, subject);
        if (!how.getSteady()) {
            find(Severity.WARNING, "steadiness", subject, "the warm-up did not settle before its limit");
        }
        slowed(how.getSystem(), subject);
        if (how.getDrift() > MUCH_DRIFT) {
            find(how.getDrift() > TOO_MUCH_DRIFT ? Severity.SERIOUS : Severity.WARNING, "drift", subject,
                "the sentinel moved by " + percent(how.getDrift()) + " while it was measured");
        }
        level("the sentinel", how.getSentinelNanos(), how.getSentinelReferenceNanos(), subject);
        level("the small sentinel", how.getCoreSentinelNanos(), how.getCoreSentinelReferenceNanos(), subject);
        if (how.getDisturbedRounds() > how.getRounds()) {
            find(Severity.WARNING, "disturbance", subject, how.getDisturbedRounds() + " rounds were disturbed, " + how.getRounds()
                + " kept");
        }
    }

    /** What a board does against heat, and a container against its neighbours, is in the figures. */
    private void slowed(SystemState system, String subject) {
        if (system.getThrottled() > 0) {
            find(Severity.WARNING, "throttling", subject, "the device was slowed " + system.getThrottled()
                + " times while it was measured, for its temperature or its CPU quota");
        }
        if (system.getCooled()) {
            find(Severity.WARNING, "throttling", subject, "the device was slowing its processors against heat" + (system.getCelsius() > 0
                ? String.format(Locale.ROOT, ", at %.0f degrees", system.getCelsius())
                : ""));
        }
    }

    /** Entries that were measured at other speeds of the processor are not to be added up. */
    private void modes(String what, Function<SystemState, String> mode) {
        List<String> modes = table.entries().stream().map(entry -> mode.apply(entry.getCircumstances().getSystem())).filter(name -> !name.isEmpty())
            .distinct().sorted().toList();
        if (modes.size() > 1) {
            find(Severity.SERIOUS, "power", TABLE, "entries were measured under several " + what + ": " + String.join(", ", modes));
        }
    }

    private void level(String sentinel, long nanos, long referenceNanos, String subject) {
        double level = referenceNanos > 0 ? (double) nanos / referenceNanos : 1;
        if (Math.abs(level - 1) > OTHER_LEVEL) {
            find(Severity.WARNING, "drift", subject, String.format(Locale.ROOT,
                "%s was at %.2f of its reference level, which its figures were scaled to", sentinel, level));
        }
    }

    private void convergence(Entry entry, String subject) {
        double halfWidth = entry.getLatency().getRelativeHalfWidth();
        if (!entry.getCircumstances().getConverged()) {
            find(halfWidth <= WIDE ? Severity.WARNING : Severity.SERIOUS, "convergence", subject, "not converged: "
                + (Double.isFinite(halfWidth) ? "known to ± " + percent(halfWidth) : "a single round, without an interval"));
        }
    }

    private void missing(SearchSpace space) {
        for (SegmentCatalog.Item item : SegmentCatalog.of(space).missingFrom(table)) {
            find(Severity.SERIOUS, "missing", item.key(), table.nameFor(space.build(item.architecture()), item.segment())
                .map(name -> name + " (" + item.label() + ")").orElse(item.label()));
        }
    }
}
