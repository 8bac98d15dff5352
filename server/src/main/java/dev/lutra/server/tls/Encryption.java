package dev.lutra.server.tls;

import java.nio.file.Path;

/**
 * How what a server says and hears is protected on its way, over gRPC and to pages alike. Browsers give a page their GPU, and let it keep
 * the screen awake, only over https or from the same machine.
 */
public sealed interface Encryption {

    /** Not at all: for the same machine, or behind something that adds it. */
    record None() implements Encryption {}

    /** A key and certificate that the server made itself and keeps in a folder; agents know the key, browsers warn of it once. */
    record SelfSigned(Path folder) implements Encryption {}

    /**
     * A certificate of the owner's.
     *
     * @param certificate PEM, the server's own first, then those that vouch for it
     * @param key PEM, PKCS #8 ("BEGIN PRIVATE KEY")
     */
    record Certificate(Path certificate, Path key) implements Encryption {}
}
