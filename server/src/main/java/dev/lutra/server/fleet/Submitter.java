package dev.lutra.server.fleet;

import java.util.UUID;

/**
 * Who submits tasks.
 *
 * @param owner whose work they are, and who has to give signs of life for it to be done; empty: nobody has to
 * @param priority tasks of a higher one go first on every device, 0 unless somebody says otherwise
 */
public record Submitter(String owner, int priority) {

    /** Somebody who is there as long as the queue is. */
    public static final Submitter THIS_PROCESS = new Submitter("", 0);

    /** Somebody who is there as long as the caller is. */
    public static Submitter somebody(int priority) {
        return new Submitter(UUID.randomUUID().toString(), priority);
    }
}
