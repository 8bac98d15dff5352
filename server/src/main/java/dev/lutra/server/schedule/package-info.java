/** Runs on a server: experiments of several people, each a process of its own, that share devices for training and measuring. */
package dev.lutra.server.schedule;
