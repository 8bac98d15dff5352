/**
 * What a server keeps: one SQLite {@link dev.lutra.server.store.Database} file for queue, agents and results, and a
 * folder of model files. Everything is on disk when a method returns, so that a killed server goes on where it was.
 */
package dev.lutra.server.store;
