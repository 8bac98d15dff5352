/** Commands on runs of a server: submitting, watching, fetching what came of them. */
package dev.lutra.server.cli.submit;
