/** What an experiment will take, told before anything of it starts. */
package dev.lutra.server.plan;
