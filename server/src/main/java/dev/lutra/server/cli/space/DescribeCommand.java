package dev.lutra.server.cli.space;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.network.Bits;
import dev.lutra.onnx.NetworkFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.report.ArchitectureDrawing;
import dev.lutra.server.report.LayerTable;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.StagedSpace;
import dev.lutra.space.interchange.ArchitectureFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "describe", mixinStandardHelpOptions = true, description = "A space: rows, options, smallest and largest network. With an architecture: its layers, shapes, MACs and parameters.")
public final class DescribeCommand implements Runnable {

    private static final String DRAWN = "random";
    private static final String LISTED = "-";
    private static final long USUAL_SEED = 1;
    private static final int LONGEST_LINE = 1 << 20;

    @Parameters(index = "0", arity = "0..1", paramLabel = "SPACE", description = "Built-in name or a space file.")
    private String space;

    @Option(names = "--arch", paramLabel = "A", description = "choice[:scale][@bits], one a layer, comma-separated; 'random'; or '-': one a line from standard input, a JSON line each (with --json a list).")
    private Optional<String> architecture = Optional.empty();

    @Option(names = "--random", paramLabel = "N", description = "N architectures drawn at random.")
    private Optional<Integer> random = Optional.empty();

    @Option(names = "--from", paramLabel = "FILE", description = "Read space and architecture from an ONNX file of Lutra's, an MMRazor subnet YAML or a ProxylessNAS/OFA net.config.")
    private Path from;

    @Mixin
    private ShapeOptions shape;

    @Option(names = "--bits", paramLabel = "B", description = "These bits in every searched layer: 8, or 4.8 for weights.activations.")
    private Optional<String> bits = Optional.empty();

    @Option(names = "--ops", description = "With one architecture: op by op, multiplications and additions apart.")
    private boolean ops;

    @Option(names = "--counting", paramLabel = "C", defaultValue = "macs", description = "Counting rule: macs (default), mxnet, mmcv, thop, bitops, micronet, ….")
    private String counting;

    @Option(names = "--lut", paramLabel = "F", description = "Lookup table: adds the latency, and each layer's share of it.")
    private Path table;

    @Option(names = "--svg", paramLabel = "FILE", description = "Also draw the architecture.")
    private Path svg;

    @Option(names = "--to", paramLabel = "FILE", description = "Also write the architecture for others: MMRazor subnet (.yaml) or ProxylessNAS/OFA net.config (.config, .json).")
    private Path to;

    @Option(names = "--seed", paramLabel = "N", description = "Of '--arch random' and --random (default: 1).")
    private Optional<Long> seed = Optional.empty();

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        requireUsed();
        CountingRule rule = CountingRule.named(counting);
        Described described = described();
        SearchSpace searchSpace = shape.applyTo(described.space());
        if (described.architecture().isEmpty() && bits.isPresent()) {
            answerOne(searchSpace, onlyChoice(searchSpace), rule);
        } else if (described.architecture().isEmpty()) {
            if (random.isPresent()) {
                answerDrawn(new ArchitectureAnswers(searchSpace, rule, latency()));
            } else {
                answerSpace(new SpaceDescription(searchSpace, rule));
            }
        } else if (described.architecture().get().equals(LISTED)) {
            answerListed(searchSpace, new ArchitectureAnswers(searchSpace, rule, latency()));
        } else {
            String text = described.architecture().get();
            answerOne(searchSpace, text.equals(DRAWN) ? searchSpace.random(generator()) : searchSpace.parse(text), rule);
        }
    }

    /** An option that changes nothing is a misunderstanding. */
    private void requireUsed() {
        boolean isOne = from != null || architecture.isPresent() && !architecture.get().equals(LISTED) || isOnlyBits();
        boolean isDrawn = random.isPresent() || architecture.equals(Optional.of(DRAWN));
        requireUsed("--svg", svg != null, isOne, "with one architecture: --arch or --from");
        requireUsed("--to", to != null, isOne, "with one architecture: --arch or --from");
        requireUsed("--bits", bits.isPresent(), isOne, "with one architecture, or alone in a space that leaves nothing else to choose");
        requireUsed("--ops", ops, isOne, "with one architecture: --arch, --bits or --from");
        requireUsed("--lut", table != null, isOne || random.isPresent() || architecture.isPresent(), "with --arch, --random or --from");
        requireUsed("--seed", seed.isPresent(), isDrawn, "with --arch random or --random");
        if (random.isPresent() && random.get() < 1) {
            throw new InputException("--random: " + random.get() + " (expected: 1 or more)");
        }
    }

    /** Whether bits are all that is said of an architecture. */
    private boolean isOnlyBits() {
        return bits.isPresent() && architecture.isEmpty() && random.isEmpty();
    }

    /** The architecture of a space that leaves nothing but bits to choose. */
    private static Architecture onlyChoice(SearchSpace space) {
        space.genes().stream().filter(gene -> !gene.isBits() && gene.size() > 1).findFirst().ifPresent(gene -> {
            throw new InputException("--bits: " + gene.name() + " is to be chosen too (expected: --arch A beside it)");
        });
        return space.architecture(new int[space.genes().size()]);
    }

    private static void requireUsed(String option, boolean given, boolean used, String expected) {
        if (given && !used) {
            throw new InputException(option + ": changes nothing here (expected: " + expected + ")");
        }
    }

    /** What is described: a space and, but for the space as a whole, the text of an architecture in it. */
    private record Described(SearchSpace space, Optional<String> architecture) {}

    private Described described() {
        if (from == null && space != null && !(architecture.isPresent() && random.isPresent())) {
            return new Described(SpaceFile.load(space), architecture);
        }
        if (from == null || space != null || architecture.isPresent() || random.isPresent()) {
            throw new InputException("describe: expected SPACE, alone or with --arch A, --bits B or --random N, or --from FILE alone");
        }
        NetworkFile contents = NetworkFile.read(from);
        return new Described(contents.space(), Optional.of(contents.architecture().toString()));
    }

    private Optional<LatencyModel> latency() {
        return Optional.ofNullable(table).map(LookupTable::load).map(LatencyModel::new);
    }

    private void answerSpace(SpaceDescription description) {
        if (json.isWanted()) {
            System.out.println(Json.line(description.document()));
        } else {
            description.print();
        }
    }

    private void answerOne(SearchSpace searchSpace, Architecture architecture, CountingRule rule) {
        Architecture chosen = bits.map(text -> withBits(searchSpace, architecture, text)).orElse(architecture);
        LayerTable layers = LayerTable.of(searchSpace, chosen, rule);
        ArchitectureAnswers answers = new ArchitectureAnswers(searchSpace, rule, latency());
        if (svg != null) {
            AtomicFile.write(svg, ArchitectureDrawing.svg(searchSpace.name() + ": " + rule.ruleName(), layers));
        }
        if (to != null) {
            writeForOthers(new ArchitectureFile(searchSpace, chosen));
        }
        if (json.isWanted()) {
            Map<String, Object> document = answers.document(chosen, layers);
            if (ops) {
                document.put("ops", OpListing.of(searchSpace.build(chosen)).documents());
            }
            System.out.println(Json.line(document));
        } else {
            answers.print(chosen, layers);
            if (ops) {
                System.out.print(OpListing.of(searchSpace.build(chosen)).table());
            }
        }
    }

    private static Architecture withBits(SearchSpace space, Architecture architecture, String text) {
        Bits wanted;
        try {
            wanted = Bits.of(text);
        } catch (IllegalArgumentException e) {
            throw new InputException("--bits: " + e.getMessage(), e);
        }
        if (!(space instanceof StagedSpace staged)) {
            throw new InputException("--bits: " + space.name() + " has cells (expected: a space of layers with 'bits')");
        }
        return staged.withBits(architecture, wanted);
    }

    private Random generator() {
        return new Random(seed.orElse(USUAL_SEED));
    }

    private void answerDrawn(ArchitectureAnswers answers) {
        Random generator = generator();
        List<Architecture> drawn = Stream.generate(() -> answers.space().random(generator)).limit(random.orElseThrow()).toList();
        if (json.isWanted()) {
            System.out.println(Json.line(drawn.stream().map(answers::summary).toList()));
        } else {
            answers.print(drawn);
        }
    }

    private void writeForOthers(ArchitectureFile file) {
        String name = to.getFileName().toString();
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            file.writeSubnet(to);
        } else if (name.endsWith(".config") || name.endsWith(".json")) {
            file.writeNetConfig(to);
        } else {
            throw new InputException("--to: " + to + " (expected: a name that ends in .yaml, .config or .json)");
        }
    }

    private void answerListed(SearchSpace searchSpace, ArchitectureAnswers answers) {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int number = 0;
        int answered = 0;
        try {
            for (String line = line(lines, 1); line != null; line = line(lines, number + 1)) {
                number++;
                if (!line.isBlank()) {
                    String answer = Json.line(answers.summary(parse(searchSpace, line, number)));
                    System.out.println(!json.isWanted() ? answer : (answered == 0 ? "[" : ",") + answer);
                    answered++;
                }
                if (System.out.checkError()) {
                    return; // whoever started this says so
                }
            }
        } catch (IOException e) {
            throw new InputException("standard input: line " + (number + 1) + ": cannot be read: " + FileTrouble.reason(e), e);
        }
        if (json.isWanted()) {
            System.out.println(answered == 0 ? "[]" : "]");
        }
    }

    /** The next line; null where there is none. Not every input ends, or has lines. */
    private static String line(Reader lines, int number) throws IOException {
        StringBuilder line = new StringBuilder();
        int next = lines.read();
        if (next < 0) {
            return null;
        }
        while (next >= 0 && next != '\n') {
            if (line.length() == LONGEST_LINE) {
                throw new InputException(
                    "standard input: line " + number + ": more than " + LONGEST_LINE + " characters (expected: an architecture)");
            }
            line.append((char) next);
            next = lines.read();
        }
        return line.toString();
    }

    private static Architecture parse(SearchSpace space, String line, int number) {
        try {
            return space.parse(line);
        } catch (InputException e) {
            throw new InputException("standard input: line " + number + ": " + e.getMessage(), e);
        }
    }
}
