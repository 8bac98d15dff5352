/** What a run keeps where: the names in its folder, and the experiment as the folder has it. */
package dev.lutra.server.folder;
