package dev.lutra.agent.runtime;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Kernels;
import dev.lutra.proto.content.IntegerLayers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which nodes of a model ran on which execution provider, as ONNX Runtime's own profile of a run says. The nodes are those of
 * the optimized graph: fused, with the copies and casts that the runtime put in, without what it computed beforehand.
 *
 * @param nodes how many, by provider (as tasks name it) and by operator
 * @param operators of the nodes that have names in the model, by these
 */
record NodePlacement(Map<String, Map<String, Integer>> nodes, Map<String, String> operators) {

    /** The runtime writes one event a line: {@code {"cat" : "Node", … "name" :"a_kernel_time","args" : {"provider" : …}}}. */
    private static final Pattern NODE = Pattern
        .compile("\\{\\s*\"cat\"\\s*:\\s*\"Node\".*?\"name\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)_kernel_time\"(.*)");
    private static final Pattern PROVIDER = field("provider");
    private static final Pattern OPERATOR = field("op_name");

    private static Pattern field(String name) {
        return Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"");
    }

    /**
     * Reads a profile of one run.
     *
     * @throws TaskFailure if it says of a node only in part where it ran
     */
    static NodePlacement read(Path profile) throws IOException {
        Map<String, Map<String, Integer>> nodes = new TreeMap<>();
        Map<String, String> operators = new TreeMap<>();
        for (String line : Files.readAllLines(profile)) {
            Matcher node = NODE.matcher(line);
            if (node.find()) {
                String operator = required(OPERATOR, node.group(2));
                nodes.computeIfAbsent(ExecutionProviders.nameOf(required(PROVIDER, node.group(2))), name -> new TreeMap<>())
                    .merge(operator, 1, Integer::sum);
                operators.put(IntegerLayers.layer(node.group(1)), operator);
            }
        }
        return new NodePlacement(nodes, operators);
    }

    private static String required(Pattern field, String event) {
        Matcher matcher = field.matcher(event);
        if (!matcher.find() || matcher.group(1).isEmpty()) {
            throw new TaskFailure("the runtime's profile does not say where every node ran: " + event);
        }
        return matcher.group(1);
    }

    /** Nodes of every provider that ran any. */
    Map<String, Integer> byProvider() {
        Map<String, Integer> counts = new TreeMap<>();
        nodes.forEach((provider, operators) -> counts.put(provider, count(operators)));
        return counts;
    }

    /**
     * Holds a model to the provider that was asked for.
     *
     * @throws TaskFailure if the CPU ran a part of it, or if it is not known what did
     */
    void requireAllOn(String provider) {
        if (provider.equals(ExecutionProviders.CPU)) {
            return;
        }
        if (nodes.isEmpty()) {
            throw new TaskFailure("provider " + provider
                + ": the runtime's profile names no node, so what ran the model is unknown");
        }
        Map<String, Integer> left = nodes.getOrDefault(ExecutionProviders.CPU, Map.of());
        if (!left.isEmpty()) {
            int all = byProvider().values().stream().mapToInt(Integer::intValue).sum();
            throw new TaskFailure("provider " + provider + ": " + count(left) + " of " + all + " nodes were left to the CPU ("
                + left.entrySet().stream().map(operator -> operator.getValue() + " " + operator.getKey())
                    .collect(Collectors.joining(", "))
                + "); the option " + ExecutionProviders.ALLOW_CPU_NODES + "=true measures it all the same");
        }
    }

    /**
     * How some layers were multiplied in.
     *
     * @param layers that are to multiply integers, by their names in the model
     */
    Kernels kernels(Set<String> layers) {
        Kernels.Builder kernels = Kernels.newBuilder();
        for (String layer : layers) {
            String operator = operators.getOrDefault(layer, "");
            if (IntegerLayers.isReal(operator)) {
                kernels.addReal(layer);
            } else if (IntegerLayers.isInteger(operator)) {
                kernels.setInteger(kernels.getInteger() + 1);
            } else {
                kernels.setUntold(kernels.getUntold() + 1);
            }
        }
        return kernels.build();
    }

    private static int count(Map<String, Integer> operators) {
        return operators.values().stream().mapToInt(Integer::intValue).sum();
    }
}
