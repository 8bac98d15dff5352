/**
 * What happens in a run, as {@link dev.lutra.server.event.RunEvent events} that stages emit and others hear: the console, the run's
 * store and the file of lines written from it.
 */
package dev.lutra.server.event;
