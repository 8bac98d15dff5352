/** Decoded images as they are kept: files of pixels, and sets of such files that other machines read. */
package dev.lutra.data.pixel;
