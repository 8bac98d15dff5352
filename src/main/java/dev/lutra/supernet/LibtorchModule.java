package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Functions that are handed to libtorch as TorchScript, whose interpreter runs them as they are written: no fusing, which would round
 * differently from the second call on. One call of many ops costs what one op's call from Java does.
 */
final class LibtorchModule {

    /** What DJL takes for the name of a method rather than for an argument is an array of such a name. */
    private static final String METHOD = "module_method:";

    private final NDManager manager = NDManager.newBaseManager(Device.cpu());
    private final PtSymbolBlock block;

    /**
     * Loaded for as long as the program runs.
     *
     * @param methods TorchScript as {@code torch.jit.save} writes it, by 2 spaces from the margin, each beginning with
     *     {@code def NAME(self: __torch__.Ops, }
     */
    LibtorchModule(String methods) {
        try {
            block = JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive(methods)), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@link #call} is given as a method. */
    NDArray method(String name) {
        NDArray method = manager.create(0f);
        method.setName(METHOD + name);
        return method;
    }

    /** The value of a function of arrays, on the first one's manager; the gradient passes. */
    NDArray call(NDArray method, NDArray... arguments) {
        JniUtils.setGraphExecutorOptimize(false); // each thread's own
        NDList all = new NDList(arguments);
        all.add(method);
        return IValueUtils.forward(block, all, true).singletonOrThrow();
    }

    /** What a method answers outside any gradient; the arguments are closed. */
    IValue run(String method, IValue... arguments) {
        JniUtils.setGraphExecutorOptimize(false);
        try {
            return IValueUtils.runMethod(block, method, arguments);
        } finally {
            Stream.of(arguments).forEach(IValue::close);
        }
    }

    static IValue list(List<NDArray> arrays) {
        return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
    }

    /** The module as {@code torch.jit.save} writes one: its source, and its attributes pickled. */
    private static byte[] archive(String methods) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream archive = new ZipOutputStream(bytes)) {
            put(archive, "data.pkl", "\u0080\u0002c__torch__\nOps\n)\u0081}X\u0008\0\0\0training\u0088sb.");
            put(archive, "code/__torch__.py", """
                class Ops(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                """ + methods);
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
}
