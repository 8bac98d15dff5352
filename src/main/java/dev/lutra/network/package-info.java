/**
 * A network, described once: a typed graph of operations with known shapes and named, shared weights.
 *
 * <p>{@link dev.lutra.network.NetworkBuilder} is what blocks write into; {@link dev.lutra.network.Network} is what comes out.
 * Training, counting, timing, exporting and drawing are interpreters of it: each is an {@link dev.lutra.network.OpVisitor}
 * that knows ops and nothing of blocks.
 */
package dev.lutra.network;
