/** Ways to look for the best trade-offs, by the names that experiment files call them. */
package dev.lutra.search.algorithm;
