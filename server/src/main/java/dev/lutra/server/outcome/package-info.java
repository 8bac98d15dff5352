/** What a run found out about networks that leave it: weights of their own, and what they get right. */
package dev.lutra.server.outcome;
