/**
 * Search spaces: which networks there are. A {@link dev.lutra.space.SearchSpace} is read from a YAML stage table, or a table of
 * cells, by {@link dev.lutra.space.SpaceFile}; its {@link dev.lutra.space.Gene genes} are the decisions, an
 * {@link dev.lutra.space.Architecture} is one value for each, and {@link dev.lutra.space.Block blocks} write the chosen parts
 * into a network. {@link dev.lutra.space.ArchitectureFile} reads and writes what other tools keep of an architecture.
 */
package dev.lutra.space;
