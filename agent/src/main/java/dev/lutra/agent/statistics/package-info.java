/** The few estimators that measuring needs, and what one slice says. */
package dev.lutra.agent.statistics;
