/** Commands on devices: the server, who has joined it, a load on one. */
package dev.lutra.server.cli.fleet;
