/** Experiments that were published, as files to start from. */
package dev.lutra.server.recipe;
