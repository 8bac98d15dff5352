package dev.lutra.server.report;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import java.io.StringWriter;
import java.util.List;

/**
 * What the report page shows; the template beside this class lays it out. Texts are ready for people.
 *
 * @param verdict the outcome in one sentence
 * @param devices names of the targets, in the order of every winner's latencies
 * @param fronts plots of accuracy against each other measure
 * @param training empty where no curve was kept
 */
public record Report(String name, String space, String evaluated, int frontSize, String verdict, List<String> devices,
    List<Winner> winners, List<FrontPlot> fronts, List<Training> training, List<Fact> provenance) {

    /** One exported network. {@code drawing} is SVG. */
    public record Winner(int rank, boolean first, String architecture, String accuracy, String macs, String params,
        List<Latency> latencies, String numerics, String numericsState, String file, String drawing) {}

    /**
     * Of one winner on one device. A state is a class of the page: good, bad or empty.
     *
     * @param interval where the table expects a measurement; empty where it states none
     * @param insideState whether it fell there
     */
    public record Latency(String predicted, String interval, String insideState, String measured, String state, String predictedP99, String p99,
        String p99State,
        String error) {}

    /** One plot of the front. */
    public record FrontPlot(String measure, String svg) {}

    /** The training curve. */
    public record Training(String svg, String note) {}

    /** One line of provenance. */
    public record Fact(String key, String value) {}

    /** The page, self-contained. */
    public String html() {
        Mustache template = new DefaultMustacheFactory("dev/lutra/server/report").compile("report.mustache");
        StringWriter page = new StringWriter();
        template.execute(page, this);
        return page.toString();
    }
}
