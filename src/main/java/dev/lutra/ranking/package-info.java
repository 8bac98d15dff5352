/** How well one order of networks, as a supernet's accuracies give it, agrees with another, as that of networks trained by themselves. */
package dev.lutra.ranking;
