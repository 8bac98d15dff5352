/** What people look at when a run is done: drawings of architectures, plots, and the self-contained report page. */
package dev.lutra.server.report;
