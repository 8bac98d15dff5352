/** How a run reaches its devices: a server of its own that agents join, or one elsewhere. */
package dev.lutra.server.device;
