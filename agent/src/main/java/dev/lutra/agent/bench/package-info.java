/** Where models run: a child process of the agent, and how it is talked to. */
package dev.lutra.agent.bench;
