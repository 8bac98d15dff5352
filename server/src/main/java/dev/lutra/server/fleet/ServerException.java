package dev.lutra.server.fleet;

/** A server elsewhere could not do what was asked of it, as when its disk is full. The message is one line that names the server, and says why. */
public final class ServerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
