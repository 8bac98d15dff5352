/**
 * A run from data to verified files: the experiment file and its stages train, profile, search, export, verify and report.
 * Every stage reads what the one before left in the run's folder and goes on where it stopped.
 */
package dev.lutra.server.experiment;
