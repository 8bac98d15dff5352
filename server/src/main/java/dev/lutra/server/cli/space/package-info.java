/** Commands on search spaces and their architectures. */
package dev.lutra.server.cli.space;
