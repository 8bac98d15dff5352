package dev.lutra.server.regression;

import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.Baseline;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.run.LoadMeasurement;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Measures one ONNX file anew on one device. */
public final class OneFile {

    private OneFile() {}

    /**
     * Measures a file; axes of free extent get 1.
     *
     * @param folder for what a local agent and its server leave
     * @throws dev.lutra.InputException if the file is not a model that takes float tensors
     * @throws dev.lutra.server.fleet.DeviceException if the device cannot run it
     */
    public static Baseline measure(Path file, Experiment.Target target, Experiment.Profile profile, FleetAccess access, RunFolder folder,
        Progress progress) {
        ModelProto model = OnnxFile.read(file);
        try (RunFolder.Lock lock = folder.lock();
            Database database = Database.open(folder.database(), progress::say);
            RunFleet fleet = access.open(List.of(target), folder, database, progress)) {
            String sha = fleet.putModel(model.toByteArray());
            Task task = Task.newBuilder().setId("verify/" + UUID.randomUUID()).setLabel(file.getFileName().toString()).setModelSha256(sha)
                .addAllInputs(LoadMeasurement.inputs(file, model.getGraph())).setRules(Profiler.rules(profile, target.p99().isPresent()))
                .setProvider(target.provider()).putAllProviderOptions(target.options()).setThreads(target.threads()).build();
            Measured[] measured = new Measured[1];
            fleet.run(target.device(), List.of(task), outcome -> measured[0] = Profiler.require(target, file.toString(), outcome));
            return Baseline.newBuilder().setFile(file.getFileName().toString()).setModelSha256(sha)
                .setDevice(fleet.device(target.device()).orElseThrow().getDevice()).setRuntime(measured[0].getRuntime())
                .setLatency(measured[0].getLatency()).setCircumstances(measured[0].getCircumstances()).build();
        }
    }
}
