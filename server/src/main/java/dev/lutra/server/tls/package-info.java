/** Encryption of both ports: a key and certificate, made here or the owner's, and the names that a server has. */
package dev.lutra.server.tls;
