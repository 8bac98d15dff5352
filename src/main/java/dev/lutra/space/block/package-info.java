/**
 * Kinds of layers. A {@link dev.lutra.space.block.Block} alone knows its structure and writes it into a network;
 * {@link dev.lutra.space.block.Blocks} finds it by the name that space files use.
 */
package dev.lutra.space.block;
