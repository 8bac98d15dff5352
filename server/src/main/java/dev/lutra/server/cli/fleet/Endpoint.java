package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;

/** A host and a port to listen on. */
public record Endpoint(String host, int port) {

    /**
     * @throws InputException if {@code text} is not host:port, naming the option
     */
    public static Endpoint parse(String option, String text) {
        int colon = text.lastIndexOf(':');
        String port = text.substring(colon + 1);
        if (colon < 1 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
            throw new InputException(option + ": " + text + " (expected: host:port)");
        }
        return new Endpoint(text.substring(0, colon), Integer.parseInt(port));
    }
}
