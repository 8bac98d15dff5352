/** Commands on an experiment: the whole run, its stages, the demo. */
package dev.lutra.server.cli.run;
