/** What processes that run for long say to programs: a JSON object a line, with the task that it is about. */
package dev.lutra.proto.log;
