package dev.lutra.proto.border;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import dev.lutra.proto.Range;
import dev.lutra.proto.RangeOption;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The ranges that stand beside the fields of a message in the protocol. */
final class FieldRanges {

    private FieldRanges() {}

    static Range of(FieldDescriptor field) {
        return field.getOptions().getExtension(RangeOption.range);
    }

    /** The range of every field that has one, of a message and of those inside it, by its path such as {@code rules.min_samples}. */
    static Map<String, Range> all(Descriptor type, String where) {
        Map<String, Range> ranges = new LinkedHashMap<>();
        for (FieldDescriptor field : type.getFields()) {
            if (field.getOptions().hasExtension(RangeOption.range)) {
                ranges.put(where + field.getName(), of(field));
            }
            if (field.getJavaType() == JavaType.MESSAGE && !field.isMapField()) {
                ranges.putAll(all(field.getMessageType(), where + field.getName() + "."));
            }
        }
        return ranges;
    }

    /**
     * The first number of a message, or of one inside it, that is out of its range.
     *
     * @param where the message lies, with a point at the end; empty: nowhere
     * @return one line with the field, its value and what was expected
     */
    static Optional<String> problem(Message message, String where) {
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.hasPresence() && !message.hasField(field)) {
                continue;
            }
            Optional<String> problem = problem(field, message.getField(field), where + field.getName());
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(FieldDescriptor field, Object value, String name) {
        if (!field.isRepeated()) {
            return problemOfOne(field, value, name);
        }
        List<?> items = (List<?>) value;
        if (of(field).getItems() > 0 && items.size() > of(field).getItems()) {
            return Optional.of(name + ": " + items.size() + " of them (expected: at most " + of(field).getItems() + ")");
        }
        for (int i = 0; i < items.size(); i++) {
            Optional<String> problem = problemOfOne(field, items.get(i), name + "[" + i + "]");
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problemOfOne(FieldDescriptor field, Object value, String name) {
        if (value instanceof Message inner) {
            return problem(inner, name + ".");
        }
        if (!isNumber(field) || of(field).getAny() || isIn(of(field), ((Number) value).doubleValue())) {
            return Optional.empty();
        }
        return Optional.of(name + ": " + value + " (expected: " + text(of(field)) + ")");
    }

    static boolean isNumber(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case INT, LONG, FLOAT, DOUBLE -> true;
            default -> false;
        };
    }

    private static boolean isIn(Range range, double value) {
        return (range.getAboveLeast() ? value > range.getLeast() : value >= range.getLeast()) && value <= range.getMost();
    }

    private static String text(Range range) {
        return range.getAboveLeast()
            ? "more than " + text(range.getLeast()) + ", at most " + text(range.getMost())
            : text(range.getLeast()) + " to " + text(range.getMost());
    }

    private static String text(double bound) {
        return BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    }
}
