/** Files of comma-separated values, read so that every mistake can be told with its line. */
package dev.lutra.csv;
