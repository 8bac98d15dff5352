package dev.lutra.agent;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** ONNX Runtime's execution providers under the names that tasks use: {@code cpu}, {@code cuda}, {@code tensorrt}, … */
final class ExecutionProviders {

    private ExecutionProviders() {}

    /** The providers that are part of this build of ONNX Runtime and load on this device. */
    static List<String> offered() {
        return OrtEnvironment.getAvailableProviders().stream()
                .filter(ExecutionProviders::loads).map(ExecutionProviders::nameOf).toList();
    }

    /**
     * Makes sessions run on a provider and nowhere else: a node that it cannot run fails the session instead of quietly
     * running on the CPU.
     *
     * @throws TaskFailure if the device does not offer the provider
     */
    static void select(String name, SessionOptions options) {
        OrtProvider provider = OrtEnvironment.getAvailableProviders().stream()
                .filter(candidate -> nameOf(candidate).equals(name)).findFirst()
                .orElseThrow(() -> new TaskFailure("provider " + name + ": not offered by onnxruntime "
                        + OrtModel.environment().getVersion() + " here (offered: " + String.join(", ", offered()) + ")"));
        try {
            append(provider, options);
            if (provider != OrtProvider.CPU) {
                options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
            }
        } catch (OrtException | LinkageError e) {
            throw new TaskFailure("provider " + name + ": does not load here: " + e.getMessage(), e);
        }
    }

    private static boolean loads(OrtProvider provider) {
        try (SessionOptions options = new SessionOptions()) {
            append(provider, options);
            return true;
        } catch (OrtException | LinkageError | TaskFailure e) {
            return false;
        }
    }

    private static void append(OrtProvider provider, SessionOptions options) throws OrtException {
        switch (provider) {
            case CPU -> { } // always there, last in line
            case CUDA -> options.addCUDA();
            case TENSOR_RT -> options.addTensorrt(0);
            case OPEN_VINO -> options.addOpenVINO("");
            case DIRECT_ML -> options.addDirectML(0);
            case CORE_ML -> options.addCoreML(Map.of());
            case NNAPI -> options.addNnapi();
            case XNNPACK -> options.addXnnpack(Map.of());
            case QNN -> options.addQnn(Map.of());
            case WEBGPU -> options.addWebGPU(Map.of());
            case DNNL -> options.addDnnl(true);
            case ACL -> options.addACL(false);
            case ROCM -> options.addROCM();
            default -> throw new TaskFailure("provider " + nameOf(provider) + ": ONNX Runtime's Java API has no call for it");
        }
    }

    static String nameOf(OrtProvider provider) {
        return provider.name().toLowerCase(Locale.ROOT).replace("_", "");
    }
}
