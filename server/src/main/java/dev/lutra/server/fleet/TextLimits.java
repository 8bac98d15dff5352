package dev.lutra.server.fleet;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.lutra.InputException;
import dev.lutra.Names;
import java.util.List;

/**
 * How much of the text that strangers send is kept. Numbers have ranges and bytes have limits of their own; what is left are names and
 * descriptions, which people read.
 *
 * @param longest text, in UTF-16 units
 * @param items of a list or a map
 */
record TextLimits(int longest, int items) {

    /** @throws InputException naming a field that holds more, or text with characters that control something */
    void check(Message message) {
        check(message, "");
    }

    private void check(Message message, String path) {
        message.getAllFields().forEach((field, value) -> {
            String name = path + field.getName();
            if (field.isRepeated()) {
                List<?> values = (List<?>) value;
                if (values.size() > items && isText(field)) {
                    throw new InputException(name + ": " + values.size() + " items (expected: at most " + items + ")");
                }
                values.forEach(each -> checkValue(name, each));
            } else {
                checkValue(name, value);
            }
        });
    }

    private static boolean isText(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.STRING || field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    }

    private void checkValue(String name, Object value) {
        if (value instanceof Message nested) {
            check(nested, name + ".");
        } else if (value instanceof String text) {
            if (text.length() > longest) {
                throw new InputException(name + ": " + text.length() + " characters (expected: at most " + longest + ")");
            }
            if (text.chars().anyMatch(Character::isISOControl)) {
                throw new InputException(name + ": '" + Names.shown(text) + "' (expected: no control characters)");
            }
        }
    }
}
