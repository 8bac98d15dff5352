package dev.lutra.server.cli.table;

import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.TableCheck.Finding;
import dev.lutra.latency.table.TableCheck.Severity;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Entry;
import dev.lutra.server.cli.output.Figures;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How good a table is, in three lines: the error of its predictions, how well its entries are known, and what was found.
 *
 * @param findings of {@link dev.lutra.latency.table.TableCheck}
 */
record TableVerdict(LookupTable table, List<Finding> findings) {

    List<String> lines() {
        return List.of(predictions(), entries(), reasons());
    }

    private String predictions() {
        String word = count(Severity.SERIOUS) > 0
            ? "not to be relied on"
            : count(Severity.WARNING) > 0 ? "usable, with reservations" : table.calibration().isPresent() ? "good" : "of unknown quality";
        return "This table is " + word + ": " + table.calibration().map(TableVerdict::error)
            .orElse("it was compared with no whole network, so the error of its predictions is unknown") + ".";
    }

    private static String error(Calibration fit) {
        return fit.getHeldOut() == 0
            ? "no whole network was held out, so the error of its predictions is unknown"
            : "on " + fit.getHeldOut() + " networks held out its predictions are " + Figures.percent(fit.getMeanRelativeError())
                + " off on average, " + Figures.percent(fit.getWorstRelativeError()) + " at worst";
    }

    /** An interval is stated where there is one: imported figures have none. */
    private String entries() {
        List<Double> widths = table.entries().stream().map(entry -> entry.getLatency().getRelativeHalfWidth())
            .filter(width -> width > 0 && Double.isFinite(width)).sorted().toList();
        long converged = table.entries().stream().filter(Entry::hasCircumstances)
            .filter(entry -> entry.getCircumstances().getConverged()).count();
        return widths.isEmpty()
            ? table.entries().size() + " entries, none with an interval: how well they are known is not recorded."
            : table.entries().size() + " entries, half of them known to +- " + Figures.percent(widths.get(widths.size() / 2))
                + " or better, the widest to +- " + Figures.percent(widths.get(widths.size() - 1)) + "; " + converged + " converged.";
    }

    private String reasons() {
        String kinds = findings.stream().filter(finding -> finding.severity() != Severity.NOTE).map(Finding::check).distinct()
            .collect(Collectors.joining(", "));
        return count(Severity.SERIOUS) + " serious, " + count(Severity.WARNING) + " warnings, " + count(Severity.NOTE) + " notes"
            + (kinds.isEmpty() ? "." : ": " + kinds + ".");
    }

    private long count(Severity severity) {
        return findings.stream().filter(finding -> finding.severity() == severity).count();
    }
}
