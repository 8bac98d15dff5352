/** What an experiment file asks for. */
package dev.lutra.server.experiment;
