/** The agent for other machines: its files, by platform and hash, and the script that installs them there. */
package dev.lutra.server.install;
