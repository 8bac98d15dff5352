/** Several runs side by side: what they were told, what they found and what that took. */
package dev.lutra.server.comparison;
