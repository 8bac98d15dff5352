package dev.lutra.proto.border;

/** Text of strangers as it may go to a terminal or a log. */
public final class VisibleText {

    private VisibleText() {}

    /**
     * The text in one line of characters that are seen: what moves the cursor, turns the direction, ends the line or cannot be seen is
     * written as a number, such as <code>\u005cu{1b}</code>.
     */
    public static String of(String text) {
        StringBuilder visible = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (isVisible(c)) {
                visible.appendCodePoint(c);
            } else {
                visible.append("\\u{").append(Integer.toHexString(c)).append('}');
            }
        });
        return visible.toString();
    }

    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
