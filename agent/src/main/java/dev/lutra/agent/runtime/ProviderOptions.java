package dev.lutra.agent.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.NNAPIFlags;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import dev.lutra.agent.task.TaskFailure;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The options of ONNX Runtime's built-in execution providers, checked by name before they are passed on: some providers ignore
 * what they do not know, and a misspelt option would then be part of a table without having had an effect. The names are those
 * of ONNX Runtime 1.29; addresses in this process (streams, allocators) are left out.
 */
final class ProviderOptions {

    private static final String DEVICE_ID = "device_id";
    private static final String DEVICE_TYPE = "device_type";
    private static final String XNNPACK_THREADS = "intra_op_num_threads";

    private static final Map<OrtProvider, Set<String>> KNOWN = Map.of(
        OrtProvider.CUDA, names(DEVICE_ID, "gpu_mem_limit", "arena_extend_strategy", "cudnn_conv_algo_search",
            "cudnn_conv_use_max_workspace", "cudnn_conv1d_pad_to_nc1d", "do_copy_in_default_stream", "enable_cuda_graph",
            "enable_skip_layer_norm_strict_mode", "fuse_conv_bias", "prefer_nhwc", "sdpa_kernel", "tunable_op_enable",
            "tunable_op_max_tuning_duration_ms", "tunable_op_tuning_enable", "use_ep_level_unified_stream", "use_tf32"),
        OrtProvider.TENSOR_RT, names(DEVICE_ID, "trt_auxiliary_streams", "trt_bf16_enable", "trt_build_heuristics_enable",
            "trt_builder_optimization_level", "trt_context_memory_sharing_enable", "trt_cuda_graph_enable",
            "trt_detailed_build_log", "trt_dla_core", "trt_dla_enable", "trt_dump_ep_context_model",
            "trt_dump_subgraphs", "trt_engine_cache_enable", "trt_engine_cache_path", "trt_engine_cache_prefix",
            "trt_engine_decryption_enable", "trt_engine_decryption_lib_path", "trt_engine_hw_compatible",
            "trt_ep_context_embed_mode", "trt_ep_context_file_path", "trt_extra_plugin_lib_paths",
            "trt_force_sequential_engine_build", "trt_force_timing_cache", "trt_fp16_enable",
            "trt_int8_calibration_table_name", "trt_int8_enable", "trt_int8_use_native_calibration_table",
            "trt_layer_norm_fp32_fallback", "trt_max_partition_iterations", "trt_max_workspace_size",
            "trt_min_subgraph_size", "trt_onnx_model_folder_path", "trt_op_types_to_exclude", "trt_preview_features",
            "trt_profile_max_shapes", "trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_sparsity_enable",
            "trt_tactic_sources", "trt_timing_cache_enable", "trt_timing_cache_path",
            "trt_weight_stripped_engine_enable"),
        OrtProvider.OPEN_VINO, names(DEVICE_TYPE),
        OrtProvider.DIRECT_ML, names(DEVICE_ID),
        OrtProvider.CORE_ML, names("AllowLowPrecisionAccumulationOnGPU", "EnableOnSubgraphs", "MLComputeUnits",
            "ModelCacheDirectory", "ModelFormat", "ProfileComputePlan", "RequireStaticInputShapes", "SpecializationStrategy"),
        OrtProvider.NNAPI, flags(NNAPIFlags.class),
        OrtProvider.XNNPACK, names(XNNPACK_THREADS),
        OrtProvider.QNN, names("backend_path", "backend_type", DEVICE_ID, "dump_json_qnn_graph", "enable_htp_fp16_precision",
            "enable_htp_shared_memory_allocator", "enable_htp_spill_fill_buffer", "htp_arch",
            "htp_graph_finalization_optimization_mode", "htp_performance_mode", "json_qnn_graph_dir",
            "offload_graph_io_quantization", "op_packages", "profiling_file_path", "profiling_level",
            "qnn_context_priority", "qnn_saver_path", "rpc_control_latency", "soc_model", "vtcm_mb"),
        OrtProvider.WEBGPU, names("adapterIndex", "dawnBackendType", "defaultBufferCacheMode", "deviceId",
            "enableGraphCapture", "enableInt64", "enableRobustness", "forceCpuNodeNames", "maxNumPendingDispatches",
            "maxStorageBufferBindingSize", "powerPreference", "preferredLayout", "preserveDevice",
            "queryResolveBufferCacheMode", "sessionBufferPoolGenerations", "storageBufferCacheMode",
            "uniformBufferCacheMode", "validationMode"));

    private ProviderOptions() {}

    private static Set<String> names(String... names) {
        return new TreeSet<>(List.of(names));
    }

    private static <E extends Enum<E>> Set<String> flags(Class<E> type) {
        Set<String> names = new TreeSet<>();
        EnumSet.allOf(type).forEach(flag -> names.add(flag.name().toLowerCase(Locale.ROOT)));
        return names;
    }

    /**
     * Adds a provider to a session.
     *
     * @param name what tasks call it
     * @param threads for providers that have a thread pool of their own
     * @throws TaskFailure if it does not have one of the options
     * @throws OrtException if it does not load, or does not take a value
     */
    static void append(OrtProvider provider, String name, Map<String, String> options, int threads, SessionOptions session)
        throws OrtException {
        check(provider, name, options);
        switch (provider) {
            case CPU -> {
            } // always there, last in line
            case CUDA -> {
                try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions()) {
                    for (Map.Entry<String, String> option : options.entrySet()) {
                        cuda.add(option.getKey(), option.getValue());
                    }
                    session.addCUDA(cuda);
                }
            }
            case TENSOR_RT -> {
                try (OrtTensorRTProviderOptions tensorRt = new OrtTensorRTProviderOptions()) {
                    for (Map.Entry<String, String> option : options.entrySet()) {
                        tensorRt.add(option.getKey(), option.getValue());
                    }
                    session.addTensorrt(tensorRt);
                }
            }
            case OPEN_VINO -> session.addOpenVINO(options.getOrDefault(DEVICE_TYPE, ""));
            case DIRECT_ML -> session.addDirectML(number(name, options, DEVICE_ID));
            case CORE_ML -> session.addCoreML(options);
            case NNAPI -> session.addNnapi(nnapiFlags(name, options));
            case XNNPACK -> {
                Map<String, String> all = new TreeMap<>(options);
                all.putIfAbsent(XNNPACK_THREADS, Integer.toString(threads));
                session.addXnnpack(all);
            }
            case QNN -> session.addQnn(options);
            case WEBGPU -> session.addWebGPU(options);
            case DNNL -> session.addDnnl(true);
            case ACL -> session.addACL(false);
            case ROCM -> session.addROCM();
            default -> throw new TaskFailure("provider " + name + ": ONNX Runtime's Java API has no call for it");
        }
    }

    private static void check(OrtProvider provider, String name, Map<String, String> options) {
        Set<String> known = KNOWN.getOrDefault(provider, Set.of());
        for (String key : options.keySet()) {
            if (!known.contains(key)) {
                throw new TaskFailure("provider " + name + ": option " + key + " (expected: " + ExecutionProviders.ALLOW_CPU_NODES
                    + (known.isEmpty() ? "" : ", " + String.join(", ", known)) + ")");
            }
        }
    }

    private static int number(String name, Map<String, String> options, String key) {
        String value = options.getOrDefault(key, "0");
        if (!value.matches("[0-9]{1,9}")) {
            throw new TaskFailure("provider " + name + ": " + key + ": " + value + " (expected: a whole number)");
        }
        return Integer.parseInt(value);
    }

    private static EnumSet<NNAPIFlags> nnapiFlags(String name, Map<String, String> options) {
        EnumSet<NNAPIFlags> flags = EnumSet.noneOf(NNAPIFlags.class);
        options.forEach((key, value) -> {
            if (!value.equals("true") && !value.equals("false")) {
                throw new TaskFailure("provider " + name + ": " + key + ": " + value + " (expected: true or false)");
            }
            if (value.equals("true")) {
                flags.add(NNAPIFlags.valueOf(key.toUpperCase(Locale.ROOT)));
            }
        });
        return flags;
    }
}
