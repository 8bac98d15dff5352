/**
 * Who may do what on a server: tokens and keys, what they admit to, and for which device. Carried by gRPC and HTTP alike; roles stand beside
 * the calls in the protocol.
 */
package dev.lutra.server.access;
