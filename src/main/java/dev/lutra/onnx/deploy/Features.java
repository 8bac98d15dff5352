package dev.lutra.onnx.deploy;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Shape.Layout;
import dev.lutra.network.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where a network has its last images of a size, as a detector reads them. */
public final class Features {

    private Features() {}

    /**
     * Names of the values that exported files have there: of every stride the last output of a segment whose height and width are those of
     * the input divided by it, rounded up.
     *
     * @throws InputException if the network has no such value
     */
    public static Map<Integer, String> names(Network network, List<Integer> strides) {
        Map<Integer, String> names = new LinkedHashMap<>();
        values(network, strides).forEach((stride, value) -> names.put(stride, giver(network, value)));
        return names;
    }

    /**
     * The values themselves.
     *
     * @throws InputException if the network has no such value
     */
    static Map<Integer, Value> values(Network network, List<Integer> strides) {
        Map<Integer, Value> values = new LinkedHashMap<>();
        Shape input = network.input().shape();
        for (int stride : strides) {
            values.put(stride, network.segments().stream().map(Segment::outputs).flatMap(List::stream)
                .filter(value -> isOf(value.shape(), input, stride)).reduce((one, other) -> other)
                .orElseThrow(() -> new InputException("features: " + stride + ", which " + network.name() + " has none of at "
                    + input.height() + "x" + input.width() + " (expected: a stride at which a layer ends)")));
        }
        return values;
    }

    /** The shape of such a value, by its name. */
    public static Shape shape(Network network, String value) {
        return network.ops().stream().filter(op -> op.name().equals(value)).findFirst().orElseThrow().output().shape();
    }

    private static boolean isOf(Shape shape, Shape input, int stride) {
        return shape.layout() == Layout.IMAGE && shape.height() == (input.height() - 1) / stride + 1
            && shape.width() == (input.width() - 1) / stride + 1;
    }

    /** Values are called after the ops that give them; what leaves things out gives what it reads. */
    private static String giver(Network network, Value value) {
        Op op = network.ops().stream().filter(each -> each.output().equals(value)).findFirst().orElseThrow();
        return op instanceof Op.Dropout ? giver(network, op.inputs().get(0)) : op.name();
    }
}
