package dev.lutra.proto.log;

import java.util.Map;
import java.util.Optional;
import org.slf4j.MDC;

/** What lines of the log are about that this thread writes until it is closed: in JSON they name it. */
public final class Logged implements AutoCloseable {

    private final Optional<Map<String, String>> before = Optional.ofNullable(MDC.getCopyOfContextMap());

    private Logged() {}

    /** @param task its name, which begins with that of its experiment */
    public static Logged task(String task) {
        return new Logged().with("experiment", task.replaceFirst("/.*", "")).with("task", task);
    }

    /**
     * @param run its id on its server
     * @param experiment its name
     */
    public static Logged run(long run, String experiment) {
        return new Logged().with("run", Long.toString(run)).with("experiment", experiment);
    }

    /** The same, and this. */
    public Logged with(String key, String value) {
        MDC.put(key, value);
        return this;
    }

    /** Lines are about what they were about before. */
    @Override
    public void close() {
        before.ifPresentOrElse(MDC::setContextMap, MDC::clear);
    }
}
