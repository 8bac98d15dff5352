/** Commands about recipes. */
package dev.lutra.server.cli.recipe;
