/** Runtimes that a device's owner has configured as commands: which, what they are asked, and what they answer. */
package dev.lutra.agent.command;
