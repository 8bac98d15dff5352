/** The {@code lutra} command: arguments in, tables and JSON out. What it does lives elsewhere; its packages are by subject. */
package dev.lutra.server.cli;
