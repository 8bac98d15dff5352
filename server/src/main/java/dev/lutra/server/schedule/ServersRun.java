package dev.lutra.server.schedule;

import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.training.TrainingTurn;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * This process as one that a server has started for a run: it asks for its turn to train, hears what its priority is, and ends as by
 * SIGTERM when the server does, whatever ends that.
 */
public final class ServersRun implements TrainingTurn {

    private final PrintStream server;
    private final String owner;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private volatile int priority;

    private ServersRun(PrintStream server, String owner, int priority) {
        this.server = server;
        this.owner = owner;
        this.priority = priority;
    }

    /**
     * Begins to listen.
     *
     * @param run its id
     * @param priority that it has now
     * @param in from the server
     * @param out to the server; nobody else may write there
     */
    public static ServersRun of(long run, int priority, InputStream in, PrintStream out) {
        ServersRun here = new ServersRun(out, owner(run), priority);
        Thread listener = new Thread(() -> here.listen(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))), "server-watch");
        listener.setDaemon(true);
        listener.start();
        return here;
    }

    /** Whose tasks those of a run are. */
    static String owner(long run) {
        return "run-" + run;
    }

    private void listen(BufferedReader lines) {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(Orders.PRIORITY)) {
                    priority = Integer.parseInt(line.substring(Orders.PRIORITY.length()));
                } else {
                    answers.add(line);
                }
            }
        } catch (IOException e) {
            // as if the server had gone
        }
        System.exit(Orders.TOLD_TO_END);
    }

    /** Whose the tasks of this run are, and what goes before them. */
    public Submitter submitter() {
        return new Submitter(owner, priority);
    }

    @Override
    public Held take(String device) {
        server.println(Orders.TAKE + device);
        try {
            if (answers.take().equals(Orders.WAIT)) {
                System.exit(Orders.WAITS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            System.exit(Orders.TOLD_TO_END);
        }
        return () -> server.println(Orders.LEAVE);
    }

    /**
     * The run is over.
     *
     * @param what is to be known of it, a line; or empty
     */
    public void over(String what) {
        server.println(Orders.OVER + what);
    }
}
