package dev.lutra.agent.device;

import com.google.protobuf.ByteString;
import dev.lutra.agent.bench.CommandBench;
import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.runtime.ExecutionProviders;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.Overslept;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which execution providers an agent tells its server about. */
final class ProviderOffer {

    private static final Logger log = LoggerFactory.getLogger(ProviderOffer.class);

    /** How long a command is to run its first model. */
    private static final long TRIAL_NANOS = 10_000_000;
    /** Height and width of its image: a run takes longer than what a command does between two runs, whoever else has the processor. */
    private static final long TRIAL_SIDE = 256;
    private static final List<Long> TRIAL_SHAPE = List.of(1L, 1L, TRIAL_SIDE, TRIAL_SIDE);

    private ProviderOffer() {}

    /**
     * The providers that work on this device: each has run a model of one node. A build contains providers whose device or
     * driver is missing, which shows only then.
     *
     * @param known all that there are
     * @param bench tries them, so that a driver that crashes does not take the agent down; it goes on without protection where a
     *     provider works only so
     */
    static List<String> working(List<String> known, ProcessBench bench) throws InterruptedException {
        List<String> working = new ArrayList<>();
        for (String name : known) {
            if (works(name, bench) || name.equals(ExecutionProviders.CPU)) {
                working.add(name);
            }
        }
        if (known.size() > 1) {
            bench.renew();
        }
        return working;
    }

    /**
     * The providers that an agent was told to offer.
     *
     * @param wanted names; empty: all
     * @throws InputException if one of them is not {@code offered}
     */
    static List<String> choose(List<String> wanted, List<String> offered) {
        for (String name : wanted) {
            if (!offered.contains(name)) {
                throw new InputException("--provider: " + name + " (expected: some of " + String.join(", ", offered)
                    + ", which work on this device)");
            }
        }
        return wanted.isEmpty() ? offered : wanted.stream().distinct().toList();
    }

    private static boolean works(String name, ProcessBench bench) throws InterruptedException {
        Optional<String> problem = problem(name, bench);
        if (problem.isPresent() && bench.isProtected()) {
            bench.unprotect("provider " + name + " works only so (" + problem.get() + ")");
            problem = problem(name, bench);
            if (problem.isPresent()) {
                bench.protect();
            }
        }
        problem.ifPresent(reason -> log.info("not offered: {}", reason));
        return problem.isEmpty();
    }

    private static Optional<String> problem(String name, ProcessBench bench) throws InterruptedException {
        try {
            Overslept.again(() -> bench.slice(trial(name).build(), oneNode(), () -> false));
            return Optional.empty();
        } catch (TaskFailure e) {
            return Optional.of(e.getMessage());
        } catch (IllegalStateException e) {
            // No process comes as far as the model.
            if (!bench.isProtected()) {
                throw e;
            }
            return Optional.of(TaskFailure.oneLine(e.getMessage()));
        }
    }

    private static Task.Builder trial(String provider) {
        return Task.newBuilder().setId("try " + provider).setProvider(provider).setThreads(1).addInputs(ModelInput.newBuilder()
            .setName("x").addAllShape(TRIAL_SHAPE)
            .setLittleEndianFloats(ByteString.copyFrom(new byte[(int) (TRIAL_SIDE * TRIAL_SIDE * Float.BYTES)])));
    }

    /**
     * What a command offers that has run a model of one node.
     *
     * @throws TaskFailure if it cannot
     */
    static RuntimeOffer tried(CommandBench command) throws InterruptedException {
        return Overslept
            .again(() -> command.tried(trial(command.name()).setRules(MeasureRules.newBuilder().setMinSamples(1).setSliceNanos(TRIAL_NANOS)
                .setMaxMeasureNanos(TRIAL_NANOS).setTargetRelativeHalfWidth(1)).build(), oneNode()));
    }

    /** Whether the memory that a model takes can be told here. */
    static boolean tellsMemory(ProcessBench bench) throws InterruptedException {
        return Overslept.again(() -> bench.memory(trial(ExecutionProviders.CPU).build(), oneNode(), () -> false)).isPresent();
    }

    private static byte[] oneNode() {
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(GraphProto.newBuilder().setName("one node")
                .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("x").addOutput("y"))
                .addInput(image("x")).addOutput(image("y")))
            .build().toByteArray();
    }

    private static ValueInfoProto image(String name) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        TRIAL_SHAPE.forEach(extent -> shape.addDim(Dimension.newBuilder().setDimValue(extent)));
        TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder()
            .setElemType(TensorProto.DataType.FLOAT_VALUE).setShape(shape);
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(type)).build();
    }
}
