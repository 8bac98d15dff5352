package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.onnx.ForeignNodes;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.Load;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Latency of one ONNX file on one device: back to back, and at an offered load. */
public final class LoadMeasurement {

    /**
     * What was measured.
     *
     * @param backToBack each run started when the one before had ended
     * @param loaded requests due at the offered rate; converged says whether the device kept up
     */
    public record Result(Measured backToBack, Measured loaded) {}

    private LoadMeasurement() {}

    /**
     * Measures a file; axes of free extent get 1.
     *
     * @param duration how long requests come; back to back is measured no longer
     * @param folder for what a local agent and its server leave
     * @throws InputException if the file is not a model that takes float tensors
     * @throws dev.lutra.server.fleet.DeviceException if the device cannot run it
     */
    public static Result measure(Path file, Experiment.Target target, double requestsPerSecond, Duration duration,
        FleetAccess access, RunFolder folder, Progress progress) {
        ModelProto model = OnnxFile.read(file);
        List<ModelInput> inputs = inputs(file, model.getGraph());
        String id = "load/" + UUID.randomUUID();
        Load load = Load.newBuilder().setRequestsPerSecond(requestsPerSecond).setDurationNanos(duration.toNanos()).build();
        try (RunFolder.Lock lock = folder.lock();
            Database database = Database.open(folder.database(), progress::say);
            RunFleet fleet = access.open(List.of(target), folder, database, progress)) {
            Task.Builder task = Task.newBuilder().setModelSha256(fleet.putModel(model.toByteArray())).addAllInputs(inputs)
                .setRules(Profiler.rules(Experiment.Profile.defaults(), target.p99().isPresent()))
                .setProvider(target.provider()).putAllProviderOptions(target.options()).setThreads(target.threads());
            Task.Builder backToBack = task.clone().setId(id + "/back-to-back").setLabel("back to back");
            backToBack.getRulesBuilder().setMaxMeasureNanos(Math.min(backToBack.getRules().getMaxMeasureNanos(), duration.toNanos()));
            Task loaded = task.setId(id + "/load").setLabel("at the offered load").setLoad(load).build();
            Map<String, Measured> measured = new HashMap<>();
            fleet.run(target.device(), List.of(backToBack.build(), loaded),
                outcome -> measured.put(outcome.getTaskId(), Profiler.require(target, file.toString(), outcome)));
            return new Result(measured.get(backToBack.getId()), measured.get(loaded.getId()));
        }
    }

    /**
     * Inputs drawn for a model; axes of free extent get 1.
     *
     * @throws InputException if one of them is no float tensor
     */
    public static List<ModelInput> inputs(Path file, GraphProto graph) {
        List<ModelInput> inputs = new ArrayList<>();
        for (ValueInfoProto value : ForeignNodes.inputs(graph)) {
            inputs.add(input(file, value, inputs.size()));
        }
        return inputs;
    }

    private static ModelInput input(Path file, ValueInfoProto value, int seed) {
        TypeProto.Tensor type = value.getType().getTensorType();
        boolean ofFloats = type.getElemType() == DataType.FLOAT_VALUE || type.getElemType() == DataType.FLOAT16_VALUE;
        if (!value.getType().hasTensorType() || !ofFloats) {
            throw new InputException(file + ": input " + value.getName() + ": not a float tensor (expected: float32 or float16)");
        }
        ModelInput.Builder input = ModelInput.newBuilder().setName(value.getName()).setRandomSeed(seed);
        for (Dimension dimension : type.getShape().getDimList()) {
            input.addShape(dimension.hasDimValue() && dimension.getDimValue() > 0 ? dimension.getDimValue() : 1);
        }
        return input.build();
    }
}
