package dev.lutra.agent.runtime;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/** Writes the few bytes of very small ONNX files, by the field numbers of the format. */
public final class TinyOnnx {

    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int BOOL = 9;
    private static final int FLOAT16 = 10;

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private TinyOnnx() {}

    /** A model as {@link OrtModel} takes it. */
    public static ByteBuffer direct(byte[] onnx) {
        return ByteBuffer.allocateDirect(onnx.length).put(onnx).flip();
    }

    /** {@code y = relu(x)}, x of shape [any, columns]. */
    public static byte[] relu(int columns) {
        return model(graph -> {
            graph.writeBytes(1, node("Relu", "y", "x"));
            graph.writeBytes(11, value("x", FLOAT, columns));
            graph.writeBytes(12, value("y", FLOAT, columns));
        });
    }

    /** {@code y = relu(x)} in float16. */
    static byte[] halfRelu(int columns) {
        return model(graph -> {
            graph.writeBytes(1, node("Relu", "y", "x"));
            graph.writeBytes(11, value("x", FLOAT16, columns));
            graph.writeBytes(12, value("y", FLOAT16, columns));
        });
    }

    /** {@code y = x + z}, both of shape [any, columns]. */
    public static byte[] add(int columns) {
        return model(graph -> {
            graph.writeBytes(1, node("Add", "y", "x", "z"));
            graph.writeBytes(11, value("x", FLOAT, columns));
            graph.writeBytes(11, value("z", FLOAT, columns));
            graph.writeBytes(12, value("y", FLOAT, columns));
        });
    }

    /** {@code y = int64(x)}. */
    static byte[] toInt64(int columns) {
        return model(graph -> {
            graph.writeBytes(1, bytes(node -> {
                node.writeString(1, "x");
                node.writeString(2, "y");
                node.writeString(4, "Cast");
                node.writeBytes(5, bytes(attribute -> {
                    attribute.writeString(1, "to");
                    attribute.writeInt64(3, INT64);
                    attribute.writeInt32(20, 2);
                }));
            }));
            graph.writeBytes(11, value("x", FLOAT, columns));
            graph.writeBytes(12, value("y", INT64, columns));
        });
    }

    /** {@code y = relu(relu(relu(… x …)))}, a loop without an end. */
    public static byte[] endless(int columns) {
        return model(graph -> {
            graph.writeBytes(1, bytes(node -> {
                node.writeString(1, "");
                node.writeString(1, "");
                node.writeString(1, "x");
                node.writeString(2, "y");
                node.writeString(4, "Loop");
                node.writeBytes(5, bytes(attribute -> {
                    attribute.writeString(1, "body");
                    attribute.writeBytes(6, loopBody(columns));
                    attribute.writeInt32(20, 5);
                }));
            }));
            graph.writeBytes(11, value("x", FLOAT, columns));
            graph.writeBytes(12, value("y", FLOAT, columns));
        });
    }

    /** {@code y} of shape [count, columns], all of it x, which has shape [1, columns]: little goes in, much comes out. */
    public static byte[] expand(long count, int columns) {
        return model(graph -> {
            graph.writeBytes(1, node("Expand", "y", "x", "shape"));
            graph.writeBytes(5, bytes(tensor -> {
                tensor.writeInt64(1, 2);
                tensor.writeInt32(2, INT64);
                tensor.writeInt64(7, count);
                tensor.writeInt64(7, columns);
                tensor.writeString(8, "shape");
            }));
            graph.writeBytes(11, value("x", FLOAT, columns));
            graph.writeBytes(12, value("y", FLOAT, columns));
        });
    }

    private static ByteString loopBody(int columns) {
        return bytes(graph -> {
            graph.writeBytes(1, node("Identity", "on", "again"));
            graph.writeBytes(1, node("Relu", "after", "before"));
            graph.writeString(2, "body");
            graph.writeBytes(11, scalar("iteration", INT64));
            graph.writeBytes(11, scalar("again", BOOL));
            graph.writeBytes(11, value("before", FLOAT, columns));
            graph.writeBytes(12, scalar("on", BOOL));
            graph.writeBytes(12, value("after", FLOAT, columns));
        });
    }

    private static byte[] model(Fields graph) {
        return bytes(model -> {
            model.writeInt64(1, 8);
            model.writeBytes(7, bytes(fields -> {
                fields.writeString(2, "tiny");
                graph.write(fields);
            }));
            model.writeBytes(8, bytes(opset -> opset.writeInt64(2, 17)));
        }).toByteArray();
    }

    private static ByteString node(String type, String output, String... inputs) {
        return bytes(node -> {
            for (String input : inputs) {
                node.writeString(1, input);
            }
            node.writeString(2, output);
            node.writeString(4, type);
        });
    }

    private static ByteString value(String name, int elementType, int columns) {
        ByteString any = bytes(dimension -> dimension.writeString(2, "n"));
        ByteString fixed = bytes(dimension -> dimension.writeInt64(1, columns));
        return value(name, elementType, bytes(shape -> {
            shape.writeBytes(1, any);
            shape.writeBytes(1, fixed);
        }));
    }

    private static ByteString scalar(String name, int elementType) {
        return value(name, elementType, ByteString.EMPTY);
    }

    private static ByteString value(String name, int elementType, ByteString shape) {
        ByteString tensor = bytes(type -> {
            type.writeInt32(1, elementType);
            type.writeBytes(2, shape);
        });
        return bytes(info -> {
            info.writeString(1, name);
            info.writeBytes(2, bytes(type -> type.writeBytes(1, tensor)));
        });
    }

    private static ByteString bytes(Fields fields) {
        try {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            CodedOutputStream out = CodedOutputStream.newInstance(content);
            fields.write(out);
            out.flush();
            return ByteString.copyFrom(content.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
