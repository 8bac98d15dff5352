package dev.lutra.spark;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What to say of a failure of Spark's: the reason in one line, without the stack of who found it. */
final class Failure {

    /** {@code … Lost task 0.3 in stage 1.0 (TID 7) (10.0.0.3 executor 1): java.io.IOException: what happened}. */
    private static final Pattern LOST = Pattern.compile("Lost task \\S+ in stage \\S+ \\(TID \\d+\\) \\((\\S+) executor \\S+?\\): (.*)");
    private static final Pattern EXCEPTION = Pattern.compile("^((?:[a-z][\\w$]*\\.)+)([A-Z][\\w$]*): ");
    /** What these say is for people as it is. */
    private static final Pattern FOR_PEOPLE = Pattern.compile("dev\\.lutra\\.(\\w+\\.)*|java\\.(io|nio\\.file)\\.");

    private Failure() {}

    static String line(Throwable e) {
        Matcher lost = LOST.matcher(first(e));
        return lost.find() ? "worker " + lost.group(1) + ": " + plain(lost.group(2)) : plain(first(e));
    }

    /** Why a file system of Hadoop's has not done something. */
    static String reason(IOException e) {
        return plain(FileTrouble.reason(e).lines().findFirst().orElse(""));
    }

    private static String first(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse("");
    }

    private static String plain(String line) {
        Matcher exception = EXCEPTION.matcher(line);
        if (!exception.find()) {
            return line;
        }
        String rest = line.substring(exception.end());
        return FOR_PEOPLE.matcher(exception.group(1)).matches() ? plain(rest) : exception.group(2) + ": " + rest;
    }
}
