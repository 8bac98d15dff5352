package dev.lutra.supernet.transfer;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.proto.content.Sha256;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.weights.OnnxTensors;
import dev.lutra.weights.SafetensorsFile;
import dev.lutra.weights.TensorArchive;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A file of weights that a training may begin with: a supernet's checkpoint, weights that were imported or trained by themselves, or an ONNX
 * file of Lutra's.
 *
 * @param path {@code .safetensors} or {@code .onnx}
 * @param replacesHead whether what tells classes apart begins from scratch
 */
public record PretrainedFile(Path path, boolean replacesHead) {

    /** Training images that the batch norm of a folded network is measured on, at most. */
    private static final int MEASURED_IMAGES = 512;
    private static final int BATCH = 64;
    private static final int LEAST_BATCH = 2;

    /** What the weights follow from, in one line. */
    public String described() {
        return "file " + Sha256.ofFile(path) + (replacesHead ? " without head" : "");
    }

    /**
     * What fits a space, by names and extents alone: batch norm that is in an ONNX file's convolutions counts as there.
     *
     * @throws InputException if it is no such file, or its training is not finished
     */
    public Pretrained compared(SearchSpace space) {
        TensorArchive archive = archive();
        Map<String, float[]> later = new HashMap<>();
        if (archive instanceof OnnxTensors) {
            Network network = network(space);
            if (FoldedBatchNorm.isIn(network, archive)) {
                network.ops().stream().filter(Op.BatchNorm.class::isInstance).flatMap(norm -> norm.weights().stream())
                    .forEach(weight -> later.put(weight.tensor().name(), new float[0]));
            }
        }
        return new Pretrained(archive, later, head(space));
    }

    /**
     * The weights themselves. Where batch norm has become part of an ONNX file's convolutions, it is measured on training images.
     *
     * @throws InputException if it is no such file, or its training is not finished
     */
    public Pretrained opened(SearchSpace space, ImageData data, Device device) {
        TensorArchive archive = archive();
        Map<String, float[]> measured = Map.of();
        if (archive instanceof OnnxTensors) {
            Network network = network(space);
            if (FoldedBatchNorm.isIn(network, archive)) {
                int batch = Math.min(BATCH, data.train().size());
                if (batch < LEAST_BATCH) {
                    throw InputException.in(path, "its batch norm is in its convolutions, and one image does not tell it (expected: more images)");
                }
                try (Batches images = data.train().sample(batch, MEASURED_IMAGES, 0)) {
                    measured = FoldedBatchNorm.measured(network, archive, images, device);
                }
            }
        }
        return new Pretrained(archive, measured, head(space));
    }

    private Set<String> head(SearchSpace space) {
        return replacesHead ? Pretrained.head(space) : Set.of();
    }

    /** The network of an ONNX file for our images. */
    private Network network(SearchSpace space) {
        ExportedNetwork exported = ExportedNetwork.read(path);
        return exported.space().withImageSize(space.imageSize()).build(exported.architecture());
    }

    private TensorArchive archive() {
        if (path.toString().endsWith(".onnx")) {
            return OnnxTensors.open(path);
        }
        SafetensorsFile file = SafetensorsFile.open(path);
        if (file.metadata().containsKey("format") && !Checkpoint.read(path).isFinished()) {
            throw InputException.in(path, "not a finished training (expected: after lutra train)");
        }
        return file;
    }
}
