/**
 * What a run shows to people: read from its folder, also while a process works on it, as one document for pages and programs, and the same
 * frozen into a file.
 */
package dev.lutra.server.view;
