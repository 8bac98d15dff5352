package dev.lutra.server.winner;

import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.deploy.DeployedModel;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.predictor.RealKernels;
import dev.lutra.server.predictor.SameOutputs;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes networks in the forms that programs want, each beside the network's own file, and only if it gives the network's outputs.
 *
 * @param forms by the name that their files have behind the network's
 * @param events is told of every file
 */
record DeployedFiles(Map<String, Deployment> forms, RunEvents events) {

    /** The file of a form beside a network's. */
    static Path file(Path network, String form) {
        return network.resolveSibling(network.getFileName().toString().replaceFirst("\\.onnx$", "-" + form + ".onnx"));
    }

    /**
     * Writes all forms of a network.
     *
     * @param file the network's own, in float32
     * @param folderShown what stands before the files' names where they are told of
     * @param built the network
     * @param network what its file is in a precision
     * @throws InputException if a form gives other outputs than the network, on real images in ONNX Runtime
     */
    void write(Path file, String folderShown, Network built, Function<Precision, ModelProto> network, ImageData data) {
        if (forms.isEmpty()) {
            return;
        }
        try (Batches images = data.validation().inOrder(DeviceCheck.COMPARED_IMAGES, DeviceCheck.COMPARED_IMAGES)) {
            Batch batch = images.next();
            SameOutputs same = new SameOutputs(network.apply(Precision.FLOAT32), batch, data.normalization());
            forms.forEach((name, form) -> {
                ModelProto deployed = DeployedModel.of(network.apply(form.precision()), form, built);
                double difference = form.features().isEmpty() ? same.difference(deployed, form) : same.difference(deployed, form, built);
                double most = Winner.tolerance(form.precision(), built);
                if (!(difference <= most)) {
                    throw new InputException(String.format(Locale.ROOT, "export.deploy.%s: its outputs differ from the network's by %.1e of their "
                        + "range (expected: %.0e at most)", name, difference, most));
                }
                Path beside = file(file, name);
                OnnxFile.write(beside, deployed);
                events.emit(new RunEvent.FileDeployed(folderShown + beside.getFileName(), deployed.getSerializedSize(), difference));
                if (form.int4()) {
                    List<String> real = RealKernels.of(deployed);
                    events.say("export: " + folderShown + beside.getFileName() + ": " + (real.isEmpty()
                        ? "ONNX Runtime multiplies integers wherever it is to"
                        : "ONNX Runtime has no kernels for it and multiplies real numbers in " + String.join(", ", real)));
                }
            });
        }
    }
}
