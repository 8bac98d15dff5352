/** What a server tells of itself to those who operate it: whether it is ready, and figures in Prometheus' text format. */
package dev.lutra.server.operation;
