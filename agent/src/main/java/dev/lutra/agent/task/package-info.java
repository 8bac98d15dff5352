/** A leased task with its model, and what can be wrong with it. */
package dev.lutra.agent.task;
