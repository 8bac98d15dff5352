/**
 * Search spaces: which networks there are. A {@link dev.lutra.space.SearchSpace} is read from a YAML stage table, or a table of
 * cells, by {@link dev.lutra.space.SpaceFile}; its {@link dev.lutra.space.Gene genes} are the decisions, an
 * {@link dev.lutra.space.Architecture} is one value for each, and the {@link dev.lutra.space.block blocks} write the chosen parts
 * into a network. Files of other tools are read and written by {@link dev.lutra.space.interchange}.
 */
package dev.lutra.space;
