/** The way to the server: a session, leases kept alive, models fetched ahead, outcomes delivered. Nothing is measured here. */
package dev.lutra.agent.link;
