/** What a training tells while it works: its steps, how fast it goes, and how a few fixed paths come along. */
package dev.lutra.server.training;
