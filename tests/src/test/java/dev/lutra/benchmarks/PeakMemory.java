package dev.lutra.benchmarks;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.cost.Cost;
import dev.lutra.cost.LiveValues;
import dev.lutra.latency.correction.MemoryModel;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.Task;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.ranking.RankCorrelation;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Predicted against measured peak memory: random networks of a space, each measured as agents do, the first ones to learn from and the
 * others to judge by. Arguments: the space, how many to learn from, how many to judge by.
 */
public final class PeakMemory {

    private static final double MB = 1e6;

    private PeakMemory() {}

    public static void main(String[] arguments) throws InterruptedException {
        SearchSpace space = SpaceFile.load(arguments[0]);
        int learned = Integer.parseInt(arguments[1]);
        int judged = Integer.parseInt(arguments[2]);
        Random random = new Random(1);
        List<Network> networks = Stream.generate(() -> space.random(random)).distinct().limit(learned + judged).map(space::build).toList();
        List<NetworkMemory> measured = new ArrayList<>();
        long begin = System.nanoTime();
        try (ProcessBench bench = new ProcessBench(List.of())) {
            for (Network network : networks) {
                measured.add(measure(bench, space, network));
            }
        }
        double each = (System.nanoTime() - begin) / 1e9 / networks.size();
        MemoryModel model = MemoryModel.of(measured.subList(0, learned).stream()
            .map(memory -> WholeNetwork.newBuilder().setMemory(memory).build()).toList()).orElseThrow();
        tell(model, measured.subList(learned, learned + judged), each);
    }

    private static NetworkMemory measure(ProcessBench bench, SearchSpace space, Network network) throws InterruptedException {
        byte[] onnx = OnnxExporter.export(network, new RandomWeights(1), new OnnxOptions(true, OptionalInt.of(1), Map.of())).toByteArray();
        Task.Builder task = Task.newBuilder().setId("memory").setProvider("cpu").setThreads(1).setRules(MeasureRules.getDefaultInstance());
        ModelInput.Builder input = task.addInputsBuilder().setName("input").setRandomSeed(0);
        for (long extent : space.input().withBatch(1)) {
            input.addShape(extent);
        }
        bench.renewForMemory();
        bench.slice(SentinelModel.CORE.task(task.build()), SentinelModel.CORE.onnx(), () -> false);
        Memory told = bench.memory(task.build(), onnx, () -> false).orElseThrow();
        return NetworkMemory.newBuilder().setWeightBytes(Float.BYTES * Cost.of(network).params())
            .setLiveBytes(Float.BYTES * LiveValues.most(network)).setMeasured(told).build();
    }

    private static void tell(MemoryModel model, List<NetworkMemory> judged, double seconds) {
        System.out.println("weights   live  predicted  interval          measured  while running     error");
        double[] predicted = new double[judged.size()];
        double[] measured = new double[judged.size()];
        double sum = 0;
        double worst = 0;
        int inside = 0;
        for (int i = 0; i < judged.size(); i++) {
            NetworkMemory one = judged.get(i);
            MemoryModel.Predicted told = model.predict(one);
            predicted[i] = told.bytes();
            measured[i] = one.getMeasured().getPeakBytes();
            double error = predicted[i] / measured[i] - 1;
            sum += Math.abs(error);
            worst = Math.max(worst, Math.abs(error));
            inside += told.interval().contains(one.getMeasured().getPeakBytes()) ? 1 : 0;
            System.out.printf(Locale.ROOT, "%7.2f %6.2f %10.2f %7.2f to %6.2f %9.2f %14.2f %8.1f %%%n", one.getWeightBytes() / MB,
                one.getLiveBytes() / MB, predicted[i] / MB, told.interval().low() / MB, told.interval().high() / MB, measured[i] / MB,
                one.getMeasured().getRunningBytes() / MB, 100 * error);
        }
        System.out.printf(Locale.ROOT, "%d networks: mean error %.1f %%, worst %.1f %%, %d inside their interval, tau %.2f; learned from %d, "
            + "each left out: mean error %.1f %%; %.2f s a network%n", judged.size(), 100 * sum / judged.size(), 100 * worst, inside,
            RankCorrelation.kendall(predicted, measured), model.fittedOn(), 100 * model.meanRelativeError(), seconds);
    }
}
