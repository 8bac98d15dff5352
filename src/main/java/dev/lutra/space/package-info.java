/**
 * Search spaces: which networks there are. A {@link dev.lutra.space.SearchSpace} is read from a YAML stage table; its
 * {@link dev.lutra.space.Gene genes} are the decisions, an {@link dev.lutra.space.Architecture} is one value for each,
 * and {@link dev.lutra.space.Block blocks} write the chosen parts into a network.
 */
package dev.lutra.space;
