/**
 * Split supernets: several small ones, each for the architectures that have the same options in some genes.
 */
package dev.lutra.supernet.split;
