/**
 * Latency tables that others published for devices one does not own. A {@link dev.lutra.latency.published.TableFormat} knows how
 * one publisher names its entries, and derives that name from the ops of a segment, so that no block is described a second time;
 * a {@link dev.lutra.latency.published.PublishedTable} has the figures.
 */
package dev.lutra.latency.published;
