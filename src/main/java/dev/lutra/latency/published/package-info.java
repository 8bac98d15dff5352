/**
 * Latency tables that others published for devices one does not own. A {@link dev.lutra.latency.published.TableFormat} knows how
 * one publisher names its entries; {@link dev.lutra.latency.published.TableImport} derives that name from the ops of every
 * segment of the spaces it covers, so that no block is described a second time, and makes a lookup table of what it finds.
 */
package dev.lutra.latency.published;
