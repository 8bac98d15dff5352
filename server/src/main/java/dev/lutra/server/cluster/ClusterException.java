package dev.lutra.server.cluster;

/** A cluster did not do what was asked of it. The message is one line that names the cluster, or the machine in it. */
public final class ClusterException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ClusterException(String message) {
        super(message);
    }

    public ClusterException(String message, Throwable cause) {
        super(message, cause);
    }
}
