package dev.lutra.agent.runtime;

import com.google.protobuf.ByteString;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.ModelInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** The numbers of a task's input, in native memory: those that it gives, or those that its seed stands for. */
public final class InputValues {

    private InputValues() {}

    /**
     * An input's values, row-major.
     *
     * @throws TaskFailure if there are none, or not as many as its shape says
     */
    public static FloatBuffer of(ModelInput input) {
        int bytes;
        try {
            bytes = Math.toIntExact(input.getShapeList().stream().mapToLong(Long::longValue).reduce(Float.BYTES, Math::multiplyExact));
        } catch (ArithmeticException e) {
            throw new TaskFailure("input " + input.getName() + ": shape " + input.getShapeList()
                + " (expected: less than 2 GiB)", e);
        }
        int given = input.getLittleEndianFloats().size();
        if (input.hasLittleEndianFloats() && given != bytes) {
            throw new TaskFailure("input " + input.getName() + ": " + given + " bytes (expected: " + bytes + " for shape "
                + input.getShapeList() + ")");
        }
        FloatBuffer values = direct(bytes).asFloatBuffer();
        switch (input.getContentCase()) {
            case LITTLE_ENDIAN_FLOATS -> values.put(floats(input.getLittleEndianFloats()));
            case RANDOM_SEED -> SeededValues.fill(values, input.getRandomSeed());
            case CONTENT_NOT_SET ->
                throw new TaskFailure("input " + input.getName() + ": no content (expected: values or a seed)");
        }
        return values.flip();
    }

    static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private static FloatBuffer floats(ByteString littleEndian) {
        return littleEndian.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
}
