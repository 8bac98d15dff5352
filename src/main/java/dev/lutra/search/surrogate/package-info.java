/** What is expected of architectures that were not evaluated, learned from those that were. Knows genes and numbers only. */
package dev.lutra.search.surrogate;
