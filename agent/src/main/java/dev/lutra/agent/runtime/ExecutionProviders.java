package dev.lutra.agent.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * ONNX Runtime's execution providers under the names that tasks use: {@code cpu}, {@code cuda}, {@code tensorrt}, … They are
 * those of this build of ONNX Runtime and those of its EP devices, which plug-in libraries bring.
 */
public final class ExecutionProviders {

    public static final String CPU = "cpu";
    /** Our own provider option: {@code true} measures a model of which a part runs on the CPU, and reports which. */
    static final String ALLOW_CPU_NODES = "allow_cpu_nodes";

    private static final String SUFFIX = "ExecutionProvider";

    private ExecutionProviders() {}

    /**
     * Puts a task's provider, with its options, before the CPU.
     *
     * @throws TaskFailure if this device does not have the provider, or the provider does not take the options
     */
    static void select(Task task, SessionOptions session) {
        String name = task.getProvider();
        Map<String, String> options = new TreeMap<>(task.getProviderOptionsMap());
        boolean builtIn = builtIn(name).isPresent();
        if (!builtIn && !known().contains(name)) {
            throw new TaskFailure("provider " + name + ": not offered by onnxruntime " + OrtModel.environment().getVersion()
                + " here (offered: " + String.join(", ", known()) + ")");
        }
        allowsCpuNodes(task);
        options.remove(ALLOW_CPU_NODES);
        try {
            if (builtIn) {
                ProviderOptions.append(builtIn(name).get(), name, options, task.getThreads(), session);
            } else {
                session.addExecutionProvider(List.of(device(name).orElseThrow()), options);
            }
        } catch (OrtException | LinkageError e) {
            throw new TaskFailure("provider " + name + (options.isEmpty() ? "" : " with " + options) + ": does not load here: "
                + e.getMessage(), e);
        }
    }

    /** @throws TaskFailure if the option is neither true nor false */
    static boolean allowsCpuNodes(Task task) {
        String value = task.getProviderOptionsOrDefault(ALLOW_CPU_NODES, "false");
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new TaskFailure("provider " + task.getProvider() + ": " + ALLOW_CPU_NODES + ": " + value
                + " (expected: true or false)");
        };
    }

    /** The name of a provider that ONNX Runtime calls {@code CUDAExecutionProvider}. */
    static String nameOf(String runtimeName) {
        for (OrtProvider provider : OrtProvider.values()) {
            if (provider.getName().equals(runtimeName)) {
                return nameOf(provider);
            }
        }
        int end = runtimeName.endsWith(SUFFIX) ? runtimeName.length() - SUFFIX.length() : runtimeName.length();
        return runtimeName.substring(0, end).toLowerCase(Locale.ROOT);
    }

    static String nameOf(OrtProvider provider) {
        return provider.name().toLowerCase(Locale.ROOT).replace("_", "");
    }

    /** Every provider that there is, whether or not it works on this device. */
    public static List<String> known() {
        List<String> names = new ArrayList<>();
        OrtEnvironment.getAvailableProviders().forEach(provider -> names.add(nameOf(provider)));
        for (OrtEpDevice device : devices()) {
            String name = nameOf(device.getEpName());
            if (!names.contains(name)) {
                names.add(name);
            }
        }
        return names;
    }

    private static Optional<OrtProvider> builtIn(String name) {
        return OrtEnvironment.getAvailableProviders().stream().filter(provider -> nameOf(provider).equals(name)).findFirst();
    }

    /** Of several devices of one plug-in provider the first; its options choose another where it has them. */
    private static Optional<OrtEpDevice> device(String name) {
        return devices().stream().filter(device -> nameOf(device.getEpName()).equals(name)).findFirst();
    }

    private static List<OrtEpDevice> devices() {
        try {
            return OrtModel.environment().getEpDevices();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime does not list its EP devices", e);
        }
    }
}
