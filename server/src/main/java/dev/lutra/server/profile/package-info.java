/** The devices of a run, and what it asks them to measure: a target's table, the names of its tasks, the time they may take, and what that bought. */
package dev.lutra.server.profile;
