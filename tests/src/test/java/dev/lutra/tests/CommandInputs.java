package dev.lutra.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What commands need that are to do something small: an experiment of seconds, tables, lists. */
final class CommandInputs {

    private CommandInputs() {}

    /**
     * Writes them all.
     *
     * @param name of the experiment and, with {@code .yaml}, of its file
     * @param device that it is for
     */
    static void write(Path folder, String name, String device) throws IOException {
        Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: shufflenetv2-cifar
            data: {train: "synthetic:2x40", test: "synthetic:2x8"}
            supernet: {epochs: 1, batch: 16}
            evaluation: {recalibration-images: 16, validation-images: 8, batch: 8}
            targets: [{device: %s, precision: float16}]
            profile: {calibrate: 0, half-width: 0.3, rounds: 2, slice: 20 ms, time-limit: 200 ms}
            search: {population: 4, generations: 1, seed: 1}
            export: {top: 1}
            retrain: {epochs: 1}
            rank: {table: known.csv}
            """.formatted(name, device));
        Files.writeString(folder.resolve("known.csv"), """
            arch,accuracy
            "0,0,0,0,0,0,0,0,0,0,0,0",0.6
            "1,1,1,1,1,1,1,1,1,1,1,1",0.7
            "2,2,2,2,2,2,2,2,2,2,2,2",0.8
            """);
        StringBuilder csv = new StringBuilder("arch,latency_ms\n");
        for (int i = 0; i < 40; i++) {
            int wide = Math.min(12, i * 7 % 13);
            csv.append("0".repeat(12 - wide)).append("2".repeat(wide)).append(',').append(1 + 0.1 * wide).append('\n');
        }
        Files.writeString(folder.resolve("networks.csv"), csv);
        Files.writeString(folder.resolve("team.yaml"), """
            name: team
            space: {table: %s/team.csv}
            objectives: [accuracy, min flops]
            search: {population: 4, generations: 2}
            """.formatted(folder));
        Files.writeString(folder.resolve("team.csv"), "arch,accuracy,flops\n11,0.5,1\n12,0.6,2\n21,0.7,3\n22,0.8,4\n");
        Files.writeString(folder.resolve("pixel.csv"), "layer,op,ms\n1,0,4.5\n1,3,11.5\n");
        Files.writeString(folder.resolve("measured.json"), """
            {"format": 1, "device": {"name": "box"}, "runtime": {"name": "onnxruntime"}, "batch": 1, "source": "measured",
             "entries": [{"key": "00000000000000aa", "latency": {"p50Nanos": "3000"}},
                         {"key": "ffffffffffffffff", "latency": {"p50Nanos": "5000"}}]}
            """);
        Files.writeString(folder.resolve("mapping.yaml"), "tensors: {}\n");
    }
}
