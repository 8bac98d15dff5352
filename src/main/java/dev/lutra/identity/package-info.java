/**
 * What something follows from, as named values, and fingerprints over them. Stored results are found again by these, so they
 * depend on nothing that a change of the program's text would change: no class or component name, no order, no format of Java's.
 */
package dev.lutra.identity;
