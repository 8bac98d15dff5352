/**
 * Lutra's own search: a {@link dev.lutra.search.surrogate surrogate} of accuracy, learned as the search goes on, says which of many
 * architectures to evaluate next.
 */
package dev.lutra.search.lutra;
