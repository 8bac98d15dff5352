/**
 * Zero-cost proxies: figures that order networks before anything is trained, and paths drawn by them.
 */
package dev.lutra.supernet.proxy;
