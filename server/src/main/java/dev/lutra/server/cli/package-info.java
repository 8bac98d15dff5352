/** The {@code lutra} command: arguments in, tables and JSON out. What it does lives elsewhere. */
package dev.lutra.server.cli;
