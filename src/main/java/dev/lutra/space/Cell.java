package dev.lutra.space;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import dev.lutra.space.block.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A cell of NAO's weight-sharing network (Luo et al. 2018): each node adds two operations on earlier states, and what no
 * node reads is joined by activation, 1×1 convolution and batch norm.
 *
 * <p>The convolution of joined states is written as one convolution for each state, added up, which is the same sum with
 * the weights of every state named: that is how architectures that leave different states unread share them.
 *
 * @param nodes how many
 * @param operations on offer
 * @param join what becomes of states that no node reads
 */
record Cell(int nodes, List<NamedBlock> operations, Join join) {

    /** How the states that no node reads become the cell's output. */
    enum Join {
        /** By activation, 1×1 convolution and batch norm, in the channels of the cell: all architectures give as many. */
        SUM,
        /** One after the other, as in NAO's networks that are trained by themselves: the more states, the more channels. */
        CONCATENATE
    }

    /** States before the first node: the outputs of the two cells before. */
    static final int INPUTS = 2;
    /** Numbers that describe a node: first input, its operation, second input, its operation. */
    static final int NODE = 4;

    Cell {
        operations = List.copyOf(operations);
    }

    /** The genes of one kind of cell, in the published order. */
    List<Gene> genes(String kind) {
        List<Gene> genes = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            for (int side = 1; side <= 2; side++) {
                List<Gene.Option> inputs = new ArrayList<>();
                for (int state = 0; state < INPUTS + node - 1; state++) {
                    inputs.add(new Gene.Option(Integer.toString(state), state));
                }
                String name = kind + ".node" + node;
                genes.add(new Gene(name + ".input" + side, inputs));
                genes.add(new Gene(name + ".op" + side, operations.stream().map(NamedBlock::option).toList()));
            }
        }
        return genes;
    }

    /** Sorts both inputs of every node: a sum does not tell them apart. */
    void sortInputs(int[] values, int offset) {
        for (int at = offset; at < offset + nodes * NODE; at += NODE) {
            boolean swapped = values[at] > values[at + 2] || values[at] == values[at + 2] && values[at + 1] > values[at + 3];
            if (swapped) {
                int[] node = Arrays.copyOfRange(values, at, at + NODE);
                System.arraycopy(node, 2, values, at, 2);
                System.arraycopy(node, 0, values, at + 2, 2);
            }
        }
    }

    /**
     * Writes a cell.
     *
     * @param before output of the cell before the last
     * @param last output of the last cell
     * @param values genes of all cells
     * @param offset of this kind's genes
     */
    Value emit(NetworkBuilder graph, Value before, Value last, Placement placement, int[] values, int offset) {
        List<Value> states = new ArrayList<>();
        states.add(resized(graph, input("before", before), before, placement.channels(), strideBetween(before, last)));
        states.add(resized(graph, input("last", last), last, placement.channels(), 1));
        boolean[] read = new boolean[INPUTS + nodes];
        for (int node = 0; node < nodes; node++) {
            int at = offset + node * NODE;
            read[values[at]] = true;
            read[values[at + 2]] = true;
            states.add(graph.scope("node" + (node + 1), () -> graph.add("add",
                operation(graph, "first", states, values[at], values[at + 1], placement),
                operation(graph, "second", states, values[at + 2], values[at + 3], placement))));
        }
        return join == Join.SUM ? sum(graph, states, read, placement) : concatenation(graph, states, read, placement);
    }

    /** Weights that read a state belong to its channels where these differ from architecture to architecture. */
    private String input(String name, Value state) {
        return join == Join.SUM ? name : name + ".of" + state.shape().channels();
    }

    private static Value concatenation(NetworkBuilder graph, List<Value> states, boolean[] read, Placement placement) {
        List<Value> parts = new ArrayList<>();
        for (int state = 0; state < read.length; state++) {
            if (!read[state]) {
                parts.add(reduced(graph, state, states.get(state), placement));
            }
        }
        return parts.size() == 1 ? parts.get(0) : graph.concat("join", parts);
    }

    private Value operation(NetworkBuilder graph, String side, List<Value> states, int state, int operation,
        Placement placement) {
        NamedBlock block = operations.get(operation);
        String scope = side + "." + block.scope() + ".from" + state;
        return graph.scope(scope, () -> block.block().emit(graph, states.get(state), at(placement, state)));
    }

    /** A stride s makes ⌈size / s⌉ of a size. */
    private static int strideBetween(Value before, Value last) {
        return Math.max(ratio(before.shape().height(), last.shape().height()), ratio(before.shape().width(), last.shape().width()));
    }

    private static int ratio(int before, int last) {
        return (before + last - 1) / last;
    }

    /** Only what reads the cell's inputs has its stride. */
    private static Placement at(Placement placement, int state) {
        return state < INPUTS ? placement : new Placement(placement.channels(), 1, 1, 1);
    }

    /** Brings an input to the cell's channels and to the size of the last cell's output. */
    private static Value resized(NetworkBuilder graph, String name, Value x, int channels, int stride) {
        if (stride == 1 && x.shape().channels() == channels) {
            return x;
        }
        Value active = graph.activation(name + ".act", x, Function.RELU);
        ConvSpec spec = ConvSpec.pointwise(Width.of(channels)).stride(stride);
        return graph.batchNorm(name + ".bn", graph.conv(name + ".conv", active, spec));
    }

    private static Value sum(NetworkBuilder graph, List<Value> states, boolean[] read, Placement placement) {
        Value sum = null;
        for (int state = 0; state < read.length; state++) {
            if (!read[state]) {
                Value part = joined(graph, state, states.get(state), placement);
                sum = sum == null ? part : graph.add("join.add" + state, sum, part);
            }
        }
        return graph.batchNorm("join.bn", sum);
    }

    private static Value joined(NetworkBuilder graph, int state, Value x, Placement placement) {
        Value active = graph.activation("join" + state + ".act", reduced(graph, state, x, placement), Function.RELU);
        return graph.conv("join" + state, active, ConvSpec.pointwise(Width.of(placement.channels())));
    }

    /** An input of the cell in the size of the nodes. */
    private static Value reduced(NetworkBuilder graph, int state, Value x, Placement placement) {
        if (state >= INPUTS || placement.stride() == 1) {
            return x;
        }
        ConvSpec reduce = ConvSpec.pointwise(Width.of(placement.channels())).stride(placement.stride());
        return graph.batchNorm("reduce" + state + ".bn", graph.conv("reduce" + state, x, reduce));
    }
}
