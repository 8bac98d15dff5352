package dev.lutra.agent.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What of the agent's environment a process that runs strangers' models gets: what loaders, Java and runtimes go by, and what they and
 * drivers of accelerators call their settings. Not the server's token, nor anything else.
 */
final class ChildEnvironment {

    private static final Set<String> NAMES = Set.of("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD",
        "ADSP_LIBRARY_PATH", "GLIBC_TUNABLES", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "SYSTEMROOT", "WINDIR", "PATHEXT",
        "INTEL_OPENVINO_DIR");
    /** Begins the names of glibc's settings of malloc, mallopt(3). */
    private static final String ALLOCATOR = "MALLOC_";
    private static final List<String> PREFIXES = List.of("LC_", ALLOCATOR, "OMP_", "GOMP_", "KMP_", "ORT_", "CUDA_", "NVIDIA_", "CUDNN_",
        "CUBLAS_", "TRT_", "HIP_", "HSA_", "ROCR_", "VK_", "MESA_", "OPENVINO_", "OV_", "QNN_");
    private static final List<String> SECRETS = List.of("TOKEN", "SECRET", "PASSWORD", "KEY");

    private ChildEnvironment() {}

    /** @param allocatesPlainly whether settings of the memory allocator go, too */
    static void keepIn(Map<String, String> environment, boolean allocatesPlainly) {
        environment.keySet().removeIf(name -> !isKept(name.toUpperCase(Locale.ROOT)) || allocatesPlainly && name.startsWith(ALLOCATOR));
    }

    private static boolean isKept(String name) {
        return (NAMES.contains(name) || PREFIXES.stream().anyMatch(name::startsWith)) && SECRETS.stream().noneMatch(name::contains);
    }
}
