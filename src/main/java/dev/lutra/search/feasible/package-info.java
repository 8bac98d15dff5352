/** Architectures that keep every constraint: drawing them, repairing others, and what can be reached at all. */
package dev.lutra.search.feasible;
