package dev.lutra.proto.border;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.WireFormat;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;

/**
 * Looks through an ONNX file for whatever would make a runtime read something beside it or run what is not the runtime's own: tensors
 * whose values are in another file, operators of libraries that somebody would have to load, function bodies. It walks the file as it
 * lies, messages inside messages, and steps over weights, so that a gigabyte takes no memory. What cannot be read to its end is refused
 * too: another reader might see more in it.
 */
public final class SelfContainedModel {

    /** Of the format itself, and of what ONNX Runtime has built in. */
    private static final Set<String> DOMAINS = Set.of("", "ai.onnx", "ai.onnx.ml", "com.microsoft");
    /** Built in, but for running what lies elsewhere: a compiled engine in a file, a function of a Python program. */
    private static final Set<String> OUTSIDE = Set.of("EPContext", "PythonOp", "PythonOpGrad");
    /** As deep as protobuf itself goes. */
    private static final int DEEPEST = 100;
    /** ONNX Runtime knows its own format by these bytes, wherever else a file might also be read as ONNX. */
    private static final int RUNTIME_FORMAT = ByteBuffer.wrap(new byte[]{'O', 'R', 'T', 'M'}).getInt();

    private static final FieldDescriptor GRAPH = field(ModelProto.getDescriptor(), ModelProto.GRAPH_FIELD_NUMBER);
    private static final FieldDescriptor FUNCTIONS = field(ModelProto.getDescriptor(), ModelProto.FUNCTIONS_FIELD_NUMBER);
    private static final FieldDescriptor OPERATOR = field(NodeProto.getDescriptor(), NodeProto.OP_TYPE_FIELD_NUMBER);
    private static final FieldDescriptor DOMAIN = field(NodeProto.getDescriptor(), NodeProto.DOMAIN_FIELD_NUMBER);
    private static final FieldDescriptor EXTERNAL = field(TensorProto.getDescriptor(), TensorProto.EXTERNAL_DATA_FIELD_NUMBER);
    private static final FieldDescriptor LOCATION = field(TensorProto.getDescriptor(), TensorProto.DATA_LOCATION_FIELD_NUMBER);

    private final CodedInputStream in;
    private boolean hasGraph;

    private SelfContainedModel(ByteBuffer onnx) {
        in = CodedInputStream.newInstance(onnx);
    }

    private static FieldDescriptor field(Descriptor type, int number) {
        return type.findFieldByNumber(number);
    }

    /** Why a model is not taken. */
    private static final class Refusal extends Exception {

        private static final long serialVersionUID = 1L;

        private Refusal(String reason) {
            super(reason);
        }
    }

    /** Why the bytes from a buffer's position on are not one self-contained ONNX file, in one line; empty if they are. */
    public static Optional<String> problem(ByteBuffer onnx) {
        ByteBuffer whole = onnx.slice();
        try {
            if (whole.remaining() >= 2 * Integer.BYTES && whole.order(ByteOrder.BIG_ENDIAN).getInt(Integer.BYTES) == RUNTIME_FORMAT) {
                throw new Refusal("in ONNX Runtime's own format (expected: ONNX)");
            }
            SelfContainedModel model = new SelfContainedModel(whole);
            model.walk(ModelProto.getDescriptor(), 0);
            if (!model.hasGraph) {
                throw new Refusal("has no graph (expected: an ONNX file)");
            }
            return Optional.empty();
        } catch (Refusal e) {
            return Optional.of(e.getMessage());
        } catch (IOException e) {
            return Optional.of("cannot be read as an ONNX file: " + e.getMessage());
        }
    }

    private void walk(Descriptor type, int depth) throws IOException, Refusal {
        if (depth > DEEPEST) {
            throw new Refusal("is nested more than " + DEEPEST + " deep");
        }
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            FieldDescriptor field = field(type, WireFormat.getTagFieldNumber(tag));
            if (field != null && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                step(field, depth);
            } else if (field == LOCATION && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
                refuse(in.readRawVarint64() != 0, "a tensor's values lie in another file (expected: one self-contained file)");
            } else {
                refuse(!in.skipField(tag), "cannot be read as an ONNX file: a group ends that has not begun");
            }
        }
    }

    private void step(FieldDescriptor field, int depth) throws IOException, Refusal {
        refuse(field == EXTERNAL, "a tensor's values lie in another file (expected: one self-contained file)");
        refuse(field == FUNCTIONS, "defines functions of its own (expected: operators that the runtime has)");
        hasGraph |= field == GRAPH;
        if (field == DOMAIN) {
            String domain = in.readStringRequireUtf8();
            refuse(!DOMAINS.contains(domain), "has an operator of domain '" + domain + "' (expected: operators that the runtime has)");
        } else if (field == OPERATOR) {
            String operator = in.readStringRequireUtf8();
            refuse(OUTSIDE.contains(operator), "has an operator " + operator + ", which runs what is not in the file");
        } else if (field.getJavaType() == JavaType.MESSAGE) {
            int outer = in.pushLimit(in.readRawVarint32());
            walk(field.getMessageType(), depth + 1);
            refuse(!in.isAtEnd(), "cannot be read as an ONNX file: a message that does not end where it says");
            in.popLimit(outer);
        } else {
            in.skipRawBytes(in.readRawVarint32());
        }
    }

    private static void refuse(boolean holds, String reason) throws Refusal {
        if (holds) {
            throw new Refusal(reason);
        }
    }
}
