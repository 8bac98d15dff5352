/** What commands have in common when they answer: text tables, JSON, figures, progress. */
package dev.lutra.server.cli.output;
