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
 * @param best the front itself
 * @param fronts plots of accuracy against each other measure
 * @param shared what one network for all devices costs each of them; empty for one device
 * @param genes empty where there is no front of several
 * @param training empty where no curve was kept
 * @param weights networks with weights of their own, and what was judged on the test images
 * @param ranking empty where the supernet's order of networks was not looked at
 */
public record Report(String name, String space, String evaluated, int frontSize, String verdict, List<String> devices,
    List<Winner> winners, Best best, List<FrontPlot> fronts, List<Shared> shared, List<Genes> genes, List<Training> training, List<Ranked> ranking,
    List<Weights> weights, List<Fact> provenance) {

    /** One exported network. {@code drawing} is SVG. */
    public record Winner(int rank, boolean first, String architecture, String accuracy, String macs, String params,
        List<Latency> latencies, Judged numerics, String file, String drawing) {}

    /** A text with its state, a class of the page: good, bad or empty. */
    public record Judged(String text, String state) {}

    /**
     * Of one winner on one device.
     *
     * @param interval where the table expects a measurement, and whether it fell there; empty where it states none
     * @param known the measurement's own interval
     * @param memory measured peak
     * @param energy measured, of a call
     */
    public record Latency(String asked, String predicted, Judged interval, Judged measured, String known, String predictedP99, Judged p99,
        String predictedMemory, Judged memory,
        String predictedEnergy, Judged energy, String error) {}

    /** The architectures of the front with these measures. */
    public record Best(List<String> measures, List<Row> rows) {}

    /** One architecture of the front. */
    public record Row(String architecture, List<String> figures) {}

    /** Whether files were exported. */
    public boolean exported() {
        return !winners.isEmpty();
    }

    /** One plot of the front, and its networks from the least cost on. */
    public record FrontPlot(String measure, String svg, List<Step> steps) {}

    /**
     * A network of a front.
     *
     * @param within the interval of its accuracy; empty where it is not known
     * @param marginal what it gains and costs more than the one before; empty for the first
     * @param mark that it is the knee, or exported; or empty
     */
    public record Step(String architecture, String accuracy, String within, String cost, String marginal, String mark) {}

    /** What one network for all devices costs. */
    public record Shared(List<OnDevice> rows) {}

    /**
     * A winner on one device, and what that device would have for itself.
     *
     * @param differing where the two differ
     */
    public record OnDevice(String file, String device, String shared, String own, String paid, String differing) {}

    /**
     * What the networks of the front have of every gene.
     *
     * @param all of the whole front, then where there are several devices, of each device's own
     * @param svg hypervolume over evaluations; empty where there is none
     */
    public record Genes(List<GenesOf> all, String svg) {}

    /**
     * The genes of those networks of the front that no other beats in accuracy and latency on a device.
     *
     * @param device empty for all networks of the front
     */
    public record GenesOf(String device, List<Gene> rows) {

        /** Whether it is of one device. */
        public boolean isOfDevice() {
            return !device.isEmpty();
        }
    }

    /** A gene, its options with their shares, the most frequent first. */
    public record Gene(String name, List<Option> options) {}

    /**
     * An option.
     *
     * @param width of its bar, in percent
     */
    public record Option(String name, String share, int width) {}

    /**
     * The training curve.
     *
     * @param pace empty where it was not told
     * @param decisions empty where no superkernels were trained
     */
    public record Training(String svg, String note, String pace, List<Probed> probes, List<Decided> decisions) {

        /** Whether paths were judged on the way. */
        public boolean isProbed() {
            return !probes.isEmpty();
        }
    }

    /** How superkernels decided: a drawing, and plots of latencies and λ where there are any. */
    public record Decided(String drawing, List<String> plots) {
        public Decided {
            plots = List.copyOf(plots);
        }
    }

    /** Fixed paths in the midst of training. */
    public record Probed(int epoch, int paths, String mean, String lowest, String highest, String tau) {}

    /** Networks whose accuracies by themselves are known. {@code warning} is empty where there is none. */
    public record Ranked(String svg, String note, String warning) {}

    /**
     * A network with weights: accuracies are top-1 and top-5 in one text, or a dash.
     *
     * @param weights the file, or the supernet
     * @param before on validation images with the supernet's weights
     * @param after on validation images with its own
     * @param tested on test images
     * @param devices what was measured where
     */
    public record Weights(String weights, String architecture, String before, String after, String tested, String devices) {}

    /** Whether there are networks with weights of their own, or judged on the test images. */
    public boolean weighted() {
        return !weights.isEmpty();
    }

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
