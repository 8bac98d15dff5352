/** Runs on a cluster of Apache Spark. */
package dev.lutra.spark;
