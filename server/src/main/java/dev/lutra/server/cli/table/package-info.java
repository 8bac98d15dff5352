/** Commands on lookup tables, and what they predict. */
package dev.lutra.server.cli.table;
