/** How programs reach a server: its address with the key that it is known by, and encryption. */
package dev.lutra.proto.connection;
