package dev.lutra.server.fleet;

/** A device did not do what was asked of it. The message is one line that names the device. */
public final class DeviceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public DeviceException(String message) {
        super(message);
    }
}
