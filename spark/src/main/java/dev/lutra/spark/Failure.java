package dev.lutra.spark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What to say of a failure of Spark's: the reason in one line, without the stack of who found it. */
final class Failure {

    /** {@code … Lost task 0.3 in stage 1.0 (TID 7) (10.0.0.3 executor 1): java.io.IOException: what happened}. */
    private static final Pattern LOST = Pattern.compile("Lost task \\S+ in stage \\S+ \\(TID \\d+\\) \\((\\S+) executor \\S+?\\): (.*)");
    private static final Pattern EXCEPTION = Pattern.compile("^(?:[a-z][\\w$]*\\.)+([A-Z][\\w$]*): ");

    private Failure() {}

    static String line(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String first = message.lines().findFirst().orElse("");
        Matcher lost = LOST.matcher(first);
        return lost.find() ? "worker " + lost.group(1) + ": " + plain(lost.group(2)) : plain(first);
    }

    private static String plain(String line) {
        return EXCEPTION.matcher(line).replaceFirst("$1: ");
    }
}
