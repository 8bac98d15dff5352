/** The course of a training: points of several steps each. */
package dev.lutra.supernet.training.curve;
