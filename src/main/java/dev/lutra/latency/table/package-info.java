/**
 * What is done with whole tables: a {@link dev.lutra.latency.table.TableImport} makes one of what others published, an
 * {@link dev.lutra.latency.table.EstimatedTable} counts one, {@link dev.lutra.latency.table.TableCheck} and
 * {@link dev.lutra.latency.table.TableDiff} judge them.
 */
package dev.lutra.latency.table;
