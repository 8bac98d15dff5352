/** Whether a model has become slower than it was: baselines, the test of the difference, and what a continuous integration reads of it. */
package dev.lutra.server.regression;
