/** Tasks in hand measured side by side, round by round, until they are known well enough. */
package dev.lutra.agent.rounds;
