package dev.lutra.benchmarks;

import dev.lutra.AtomicFile;
import dev.lutra.ranking.RankCorrelation;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Algorithm;
import dev.lutra.search.BudgetedAccuracies;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Constraint;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.algorithm.Algorithms;
import dev.lutra.search.surrogate.Expectation;
import dev.lutra.search.surrogate.GaussianProcess;
import dev.lutra.search.surrogate.GeneShape;
import dev.lutra.search.surrogate.Observations;
import dev.lutra.space.TableSpace;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Every algorithm on tables whose fronts are known. Arguments: folder of the tables, folder for the results, seeds (20), then names of
 * problems or algorithms: all of a kind of which none is named, {@code nao} on the first problem with a few seeds.
 * Accuracies reach an algorithm only through {@link BudgetedAccuracies}.
 */
public final class SearchBenchmark {

    private static final int MOST = 500;
    private static final int FEWER = 300;
    private static final int[] MARKS = {50, 100, 200, 300, 500};
    private static final int SEEDS = 20;
    private static final int POPULATION = 20;
    private static final String SLOW = "nao"; // it trains networks
    private static final int SLOW_SEEDS = 5;

    private final Path tables;
    private final Path folder;
    private final int seeds;

    private SearchBenchmark(Path tables, Path folder, int seeds) {
        this.tables = tables;
        this.folder = folder;
        this.seeds = seeds;
    }

    /** A table to search, with what is known of it. */
    private record Problem(String name, int budget, AccuracyFile file, List<Objective> objectives, List<Constraint> constraints) {

        CandidateEvaluator judge(TableSpace space, AccuracyTable table, AccuracySource accuracies) {
            return new CandidateEvaluator(space, table.measures(), constraints, accuracies, CandidateLog.inMemory());
        }
    }

    /** A problem that was read. */
    private record Known(Problem problem, TableSpace space, AccuracyTable table, Hypervolume box, double truth) {

        static Known of(Problem problem) {
            TableSpace space = TableSpace.load(problem.file.path());
            AccuracyTable table = problem.file.load(space);
            CandidateEvaluator all = problem.judge(space, table, table);
            List<Candidate> every = all.evaluate(space.rows().stream().filter(all::isFeasible).toList(), candidate -> {});
            Hypervolume box = Hypervolume.around(problem.objectives, every);
            return new Known(problem, space, table, box, box.of(every));
        }
    }

    private record Result(String problem, String algorithm, long seed, double[] ratios, double seconds) {}

    public static void main(String[] arguments) throws IOException {
        int seeds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : SEEDS;
        SearchBenchmark benchmark = new SearchBenchmark(Path.of(arguments[0]), Path.of(arguments[1]), seeds);
        benchmark.run(arguments.length > 3 ? List.of(arguments).subList(3, arguments.length) : List.of());
    }

    private void run(List<String> wanted) throws IOException {
        Files.createDirectories(folder);
        List<Problem> every = problems();
        List<Problem> problems = wanted(every, Problem::name, wanted);
        List<Result> results = stored();
        Map<Problem, Known> known = new HashMap<>();
        for (int seed = 1; seed <= seeds; seed++) {
            for (Problem problem : problems) {
                for (String algorithm : wanted(List.copyOf(Algorithms.ALL.names()), name -> name, wanted)) {
                    long number = seed;
                    boolean isLeftOut = algorithm.equals(SLOW) && !(problem == every.get(0) && seed <= SLOW_SEEDS);
                    if (!isLeftOut && results.stream()
                        .noneMatch(r -> r.problem.equals(problem.name()) && r.algorithm.equals(algorithm) && r.seed == number)) {
                        Result result = search(known.computeIfAbsent(problem, Known::of), algorithm, seed);
                        results.add(result);
                        store(result);
                    }
                }
            }
        }
        StringBuilder text = new StringBuilder(table(problems, results));
        if (wanted.isEmpty()) {
            text.append('\n').append(surrogate());
        }
        AtomicFile.write(folder.resolve("search.md"), text.toString());
        plot(problems.get(0), results);
        System.out.print(text);
    }

    private static <T> List<T> wanted(List<T> all, Function<T, String> name, List<String> names) {
        List<T> named = all.stream().filter(one -> names.contains(name.apply(one))).toList();
        return named.isEmpty() ? all : named;
    }

    private List<Problem> problems() throws IOException {
        Path macro = tables.resolve("channel_bench_macro_resnet.csv");
        Objective accuracy = Objective.max("accuracy");
        Path widths = made("widths.csv", "arch,accuracy,macs,params", widths());
        Path blocks = made("blocks.csv", "arch,accuracy,macs", blocks());
        Path pool = made("pool.csv", "arch,accuracy,latency", pool());
        AccuracyFile trained = new AccuracyFile(macro, "mean", AccuracyFile.Unit.PERCENT);
        return List.of(
            new Problem("resnet, MACs", MOST, trained, List.of(accuracy, Objective.min("flops")), List.of()),
            new Problem("mbconv, MACs", MOST, AccuracyFile.of(blocks), List.of(accuracy, Objective.min("macs")), List.of()),
            new Problem("resnet, params", FEWER, trained, List.of(accuracy, Objective.min("params")), List.of()),
            new Problem("resnet, both", FEWER, trained, List.of(accuracy, Objective.min("flops"), Objective.min("params")), List.of()),
            new Problem("widths, limits", FEWER, AccuracyFile.of(widths), List.of(accuracy, Objective.min("macs")),
                List.of(Constraint.atMost("macs", 2600), Constraint.atMost("params", 30))),
            new Problem("fbnet pool", FEWER, AccuracyFile.of(pool), List.of(accuracy, Objective.min("latency")), List.of()));
    }

    private Path made(String name, String header, List<String> rows) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            AtomicFile.write(file, header + "\n" + String.join("\n", rows) + "\n");
        }
        return file;
    }

    private static List<String[]> rows(Path file) throws IOException {
        return Files.readAllLines(file).stream().skip(1).map(line -> line.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")).toList();
    }

    private static int[] digits(String text) {
        return text.replaceAll("[^0-9]", "").chars().map(digit -> digit - '0').toArray();
    }

    /** All widths of six layers, saturating, with a little chance: accuracy and costs by formulas. */
    private static List<String> widths() {
        Random random = new Random(1);
        return IntStream.range(0, 15_625).mapToObj(number -> {
            int[] widths = IntStream.range(0, 6).map(gene -> 1 + number / (int) Math.pow(5, gene) % 5).toArray();
            double macs = 0;
            double params = 0;
            double gain = 0;
            int before = 2;
            for (int gene = 0; gene < 6; gene++) {
                macs += before * widths[gene] * (36.0 / (1 + gene));
                params += before * widths[gene] * 0.2 * (1 + 0.3 * gene);
                gain += (0.4 + 0.1 * gene) * Math.log(widths[gene]) + 0.15 * Math.log(Math.min(before, widths[gene]));
                before = widths[gene];
            }
            double accuracy = 0.78 - 0.25 * Math.exp(-0.35 * gain) + 0.001 * random.nextGaussian();
            return String.format(Locale.ROOT, "%s,%.5f,%.3f,%.3f",
                Arrays.stream(widths).mapToObj(Integer::toString).collect(Collectors.joining()), accuracy, macs, params);
        }).toList();
    }

    /** All 6,561 networks of the mbconv space: what a process makes of the 300 that were trained, with as much chance as it finds. */
    private List<String> blocks() throws IOException {
        Trained trained = trained();
        double[][] macs = Arrays.stream(trained.features).map(row -> new double[]{row[0]}).toArray(double[][]::new);
        GaussianProcess process = GaussianProcess.of(Collections.nCopies(8, GeneShape.named(3)),
            new Observations(trained.genes, macs, trained.accuracies, new double[macs.length]));
        double[] parts = additive(trained.genes, Arrays.stream(macs).mapToDouble(row -> Math.exp(row[0])).toArray());
        Random random = new Random(1);
        return IntStream.range(0, 6561).mapToObj(number -> {
            int[] genes = IntStream.range(0, 8).map(gene -> number / (int) Math.pow(3, gene) % 3).toArray();
            double cost = parts[0] + IntStream.range(0, 8).mapToDouble(gene -> parts[1 + 3 * gene + genes[gene]]).sum();
            double target = process.means(new int[][]{genes}, new double[][]{{Math.log(cost)}})[0] + 0.06 * random.nextGaussian();
            return String.format(Locale.ROOT, "%s,%.6f,%.0f", Arrays.stream(genes).mapToObj(Integer::toString).collect(Collectors.joining()),
                process.warp().accuracy(target), cost);
        }).toList();
    }

    /** Parts of a sum over genes by coordinate descent: a constant, then three options a gene. */
    private static double[] additive(int[][] genes, double[] values) {
        double[] parts = new double[1 + 3 * 8];
        for (int sweep = 0; sweep < 3000; sweep++) {
            double[] sums = new double[parts.length];
            int[] counts = new int[parts.length];
            int gene = sweep % 8;
            for (int i = 0; i < values.length; i++) {
                int[] row = genes[i];
                double rest = values[i] - parts[0];
                for (int other = 0; other < 8; other++) {
                    rest -= other == gene ? 0 : parts[1 + 3 * other + row[other]];
                }
                sums[1 + 3 * gene + row[gene]] += rest;
                counts[1 + 3 * gene + row[gene]]++;
            }
            for (int part = 1 + 3 * gene; part < 4 + 3 * gene; part++) {
                parts[part] = sums[part] / counts[part];
            }
        }
        return parts;
    }

    /** The networks of the pool with latencies that were measured and accuracies by a formula. */
    private List<String> pool() throws IOException {
        Random random = new Random(1);
        double[][] gains = IntStream.range(0, 22).mapToObj(gene -> new double[]{0.10, 0.08, 0.20, 0.28, 0.12, 0.09, 0.24, 0.33, 0})
            .map(base -> Arrays.stream(base).map(gain -> gain * (0.6 + 0.8 * random.nextDouble())).toArray()).toArray(double[][]::new);
        return rows(tables.resolve("fbnet_5000.csv")).stream().map(row -> {
            int[] genes = digits(row[0]);
            double gain = IntStream.range(0, 22).mapToDouble(gene -> gains[gene][genes[gene]]).sum()
                - 0.05 * IntStream.range(1, 22).filter(gene -> genes[gene] == 8 && genes[gene - 1] == 8).count();
            double accuracy = 0.78 - 0.4 * Math.exp(-0.6 * gain) + 0.001 * random.nextGaussian();
            return String.format(Locale.ROOT, "%s,%.5f,%s", row[0], accuracy, row[4]);
        }).toList();
    }

    private record Trained(int[][] genes, double[][] features, double[] accuracies) {}

    /** The mbconv networks that were trained; features are logarithms of MACs and parameters. */
    private Trained trained() throws IOException {
        List<String[]> rows = rows(tables.resolve("mbconv_300.csv"));
        return new Trained(rows.stream().map(row -> digits(row[0])).toArray(int[][]::new),
            rows.stream().map(row -> new double[]{Math.log(Double.parseDouble(row[6])), Math.log(Double.parseDouble(row[5]))})
                .toArray(double[][]::new),
            rows.stream().mapToDouble(row -> Double.parseDouble(row[4]) / 100).toArray());
    }

    private static Algorithm algorithm(String name, int budget) {
        String settings = switch (name) {
            case "lutra", "random" -> "{budget: " + budget + "}";
            case SLOW -> "{first: " + 2 * budget / 5 + ", new: " + budget / 5 + ", iterations: 4, top: 50, epochs: 100}";
            // its children replace all but the ten best
            case "oneshot-s-plus" -> "{population: 50, generations: " + (1 + (budget - 50) / 40) + ", most-score: 0}";
            default -> "{population: " + POPULATION + ", generations: " + budget / POPULATION + "}";
        };
        return Algorithms.ALL.read(name, YamlNode.parse("benchmark", settings));
    }

    private static Result search(Known known, String algorithm, long seed) {
        Problem problem = known.problem;
        List<Candidate> told = new ArrayList<>();
        CandidateEvaluator judge = problem.judge(known.space, known.table, new BudgetedAccuracies(known.table, problem.budget));
        long start = cpuNanos();
        algorithm(algorithm, problem.budget).search(judge, problem.objectives, seed).run(new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int done, int budget) {
                told.add(candidate);
            }
        });
        double seconds = (cpuNanos() - start) / 1e9;
        return new Result(problem.name, algorithm, seed, Arrays.stream(MARKS).filter(mark -> mark <= problem.budget)
            .mapToDouble(mark -> known.box.of(told.subList(0, Math.min(mark, told.size()))) / known.truth).toArray(), seconds);
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private Path results() {
        return folder.resolve("results.csv");
    }

    private List<Result> stored() throws IOException {
        List<Result> results = new ArrayList<>();
        if (Files.exists(results())) {
            for (String line : Files.readAllLines(results())) {
                String[] cells = line.split(";");
                results.add(new Result(cells[0], cells[1], Long.parseLong(cells[2]),
                    Arrays.stream(cells[3].split(" ")).mapToDouble(Double::parseDouble).toArray(), Double.parseDouble(cells[4])));
            }
        }
        return results;
    }

    private void store(Result result) throws IOException {
        String line = String.join(";", result.problem, result.algorithm, Long.toString(result.seed),
            Arrays.stream(result.ratios).mapToObj(Double::toString).collect(Collectors.joining(" ")), Double.toString(result.seconds));
        Files.writeString(results(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private String table(List<Problem> problems, List<Result> results) {
        StringBuilder text = new StringBuilder("| problem | algorithm | "
            + Arrays.stream(MARKS).mapToObj(Integer::toString).collect(Collectors.joining(" | ")) + " | CPU, s |\n|---|---|"
            + "---|".repeat(MARKS.length + 1) + "\n");
        for (Problem problem : problems) {
            for (Map.Entry<String, List<Result>> algorithm : byAlgorithm(problem, results).entrySet()) {
                text.append("| ").append(problem.name()).append(" | `").append(algorithm.getKey()).append('`');
                int told = algorithm.getValue().get(0).ratios.length;
                for (int mark = 0; mark < MARKS.length; mark++) {
                    text.append(mark < told
                        ? String.format(Locale.ROOT, " | %.4f (%.4f)", median(algorithm.getValue(), mark), worst(algorithm.getValue(), mark))
                        : " | ");
                }
                text.append(String.format(Locale.ROOT, " | %.1f |%n", middle(algorithm.getValue(), result -> result.seconds)));
            }
        }
        return text.toString();
    }

    private static Map<String, List<Result>> byAlgorithm(Problem problem, List<Result> results) {
        Map<String, List<Result>> all = new LinkedHashMap<>();
        for (String name : Algorithms.ALL.names()) {
            List<Result> own = results.stream().filter(r -> r.problem.equals(problem.name()) && r.algorithm.equals(name)).toList();
            if (!own.isEmpty()) {
                all.put(name, own);
            }
        }
        return all;
    }

    private static double median(List<Result> results, int mark) {
        return middle(results, result -> result.ratios[mark]);
    }

    private static double worst(List<Result> results, int mark) {
        return results.stream().mapToDouble(result -> result.ratios[mark]).min().orElseThrow();
    }

    private static double middle(List<Result> results, ToDoubleFunction<Result> figure) {
        double[] sorted = results.stream().mapToDouble(figure).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** Kendall's τ of what the surrogate expects with what training found, on the networks that it was not told. */
    private String surrogate() throws IOException {
        Trained trained = trained();
        StringBuilder text = new StringBuilder("| networks known | τ, median | worst | in intervals of 90 % |\n|---|---|---|---|\n");
        for (int known : new int[]{20, 50, 100}) {
            double[] taus = new double[seeds];
            double covered = 0;
            for (int seed = 0; seed < seeds; seed++) {
                List<Integer> order = new ArrayList<>(IntStream.range(0, trained.genes.length).boxed().toList());
                Collections.shuffle(order, new Random(seed));
                List<Integer> rest = order.subList(known, order.size());
                Trained told = part(trained, order.subList(0, known));
                Trained held = part(trained, rest);
                GaussianProcess process = GaussianProcess.of(Collections.nCopies(8, GeneShape.named(3)),
                    new Observations(told.genes, told.features, told.accuracies, new double[known]));
                Expectation expectation = process.expectation(held.genes, held.features);
                double[] means = IntStream.range(0, rest.size()).mapToDouble(expectation::mean).toArray();
                taus[seed] = RankCorrelation.kendall(means, held.accuracies);
                covered += IntStream.range(0, rest.size()).filter(i -> held.accuracies[i] < process.warp().top()
                    && Math.abs(process.warp().target(held.accuracies[i]) - means[i]) <= 1.645 * expectation.deviation(i)).count()
                    / (double) rest.size() / seeds;
            }
            Arrays.sort(taus);
            text.append(String.format(Locale.ROOT, "| %d | %.3f | %.3f | %.0f %% |%n", known,
                (taus[(seeds - 1) / 2] + taus[seeds / 2]) / 2, taus[0], 100 * covered));
        }
        return text.toString();
    }

    private static Trained part(Trained all, List<Integer> which) {
        return new Trained(which.stream().map(i -> all.genes[i]).toArray(int[][]::new),
            which.stream().map(i -> all.features[i]).toArray(double[][]::new), which.stream().mapToDouble(i -> all.accuracies[i]).toArray());
    }

    /** What is missing of the hypervolume, against evaluations. */
    private void plot(Problem problem, List<Result> results) throws IOException {
        XYChart chart = new XYChartBuilder().width(900).height(520).title(problem.name() + ": share of the true hypervolume, median")
            .xAxisTitle("evaluations").yAxisTitle("share").build();
        chart.getStyler().setLegendVisible(true);
        byAlgorithm(problem, results).forEach((name, own) -> chart.addSeries(name,
            Arrays.stream(MARKS).limit(own.get(0).ratios.length).asDoubleStream().toArray(),
            IntStream.range(0, own.get(0).ratios.length).mapToDouble(mark -> median(own, mark)).toArray())
            .setMarker(SeriesMarkers.CIRCLE));
        VectorGraphicsEncoder.saveVectorGraphic(chart, folder.resolve("search").toString(), VectorGraphicsEncoder.VectorGraphicsFormat.SVG);
    }
}
