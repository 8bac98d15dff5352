/** What is a sum over the segments of a network, tabulated once a space, so that an architecture is a few reads. */
package dev.lutra.measure.sums;
