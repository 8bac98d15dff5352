package dev.lutra.supernet.evaluation;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.lutra.ImageSize;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.Teacher;
import java.util.List;

/** A subnet of a supernet, with the weights that are shared. */
public final class SubnetTeacher implements Teacher {

    private static final int CHANNELS = 3;

    private final NDManager manager;
    private final Inference inference;

    /** @param subnet whose weights stay open until this is closed */
    public SubnetTeacher(Subnet subnet, Device device) {
        manager = NDManager.newBaseManager(device);
        inference = new Inference(LoweredNetwork.of(subnet.network(), subnet.weights()).after(List.of(new BatchNormFolding())), device);
    }

    @Override
    public float[] logits(float[] planes, int images, ImageSize size) {
        try (NDManager pass = manager.newSubManager()) {
            NDArray batch = pass.create(planes, new Shape(images, CHANNELS, size.height(), size.width()));
            return inference.logits(batch).toFloatArray();
        }
    }

    @Override
    public void close() {
        inference.close();
        manager.close();
    }
}
