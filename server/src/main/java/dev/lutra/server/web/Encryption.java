package dev.lutra.server.web;

import java.nio.file.Path;

/**
 * How pages are protected on their way. Browsers give a page their GPU, and let it keep the screen awake, only over https or
 * from the same machine.
 */
public sealed interface Encryption {

    /** Plain http: for the same machine, or behind something that adds https. */
    record None() implements Encryption {}

    /** A certificate that the server made itself and keeps in a folder; browsers warn of it once. */
    record SelfSigned(Path folder) implements Encryption {}

    /**
     * A certificate of the owner's.
     *
     * @param certificate PEM, the server's own first, then those that vouch for it
     * @param key PEM, PKCS #8 ("BEGIN PRIVATE KEY")
     */
    record Certificate(Path certificate, Path key) implements Encryption {}
}
