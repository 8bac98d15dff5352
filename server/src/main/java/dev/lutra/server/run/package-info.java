/**
 * A run from data to verified files: every {@link dev.lutra.server.run.Stage stage} of an experiment, the folder where each leaves
 * what the next one needs, and the devices it measures on. Nothing here knows how devices join.
 */
package dev.lutra.server.run;
