package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Functions of libtorch that DJL has no method for. Made of what DJL has, each of them would take several passes over its input, and
 * keep what every one of these passes needs for the gradient: backwards, a clip alone is four ops and three masks.
 *
 * <p>They are methods of a TorchScript module, which libtorch's interpreter runs as they are written: no fusing, which would round
 * differently from the second call on.
 */
enum LibtorchOps {

    /** In place, so for an array that nobody else reads, whose maker does not need it for its gradient. */
    RELU_IN_PLACE("relu_in_place", "torch.relu_(x)"), RELU6("relu6", "torch.hardtanh(x, 0., 6.)"), SWISH("swish",
        "torch.silu(x)"), HARD_SIGMOID("hard_sigmoid", "torch.hardsigmoid(x)"), HARD_SWISH("hard_swish", "torch.hardswish(x)");

    private final String method;
    private final String expression;

    LibtorchOps(String method, String expression) {
        this.method = method;
        this.expression = expression;
    }

    /** The function's value, on the manager of {@code x}; the gradient passes. */
    NDArray of(NDArray x) {
        JniUtils.setGraphExecutorOptimize(false); // each thread's own
        return IValueUtils.forward(Module.BLOCK, new NDList(x, Module.name(this)), true).singletonOrThrow();
    }

    /** Loaded once, when the first op is run, for as long as the program runs. */
    private static final class Module {

        /** What DJL takes for the name of a method rather than for an argument is an array of such a name. */
        private static final String METHOD = "module_method:";

        private static final NDArray[] NAMES = new NDArray[values().length];
        private static final PtSymbolBlock BLOCK;

        static {
            NDManager manager = NDManager.newBaseManager(Device.cpu());
            for (LibtorchOps op : values()) {
                NAMES[op.ordinal()] = manager.create(0f);
                NAMES[op.ordinal()].setName(METHOD + op.method);
            }
            try {
                BLOCK = JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive()), false, false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static NDArray name(LibtorchOps op) {
            return NAMES[op.ordinal()];
        }

        /** The module as {@code torch.jit.save} writes one: its source, and its attributes pickled. */
        private static byte[] archive() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream archive = new ZipOutputStream(bytes)) {
                put(archive, "data.pkl", "\u0080\u0002c__torch__\nOps\n)\u0081}X\u0008\0\0\0training\u0088sb.");
                put(archive, "code/__torch__.py", source());
                put(archive, "constants.pkl", "\u0080\u0002).");
                put(archive, "version", "3\n");
            }
            return bytes.toByteArray();
        }

        private static void put(ZipOutputStream archive, String name, String latin1) throws IOException {
            archive.putNextEntry(new ZipEntry("ops/" + name));
            archive.write(latin1.getBytes(StandardCharsets.ISO_8859_1));
            archive.closeEntry();
        }

        private static String source() {
            StringBuilder source = new StringBuilder("""
                class Ops(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                """);
            for (LibtorchOps op : values()) {
                source.append("  def ").append(op.method).append("(self: __torch__.Ops, x: Tensor) -> Tensor:\n    return ")
                    .append(op.expression).append('\n');
            }
            return source.toString();
        }
    }
}
