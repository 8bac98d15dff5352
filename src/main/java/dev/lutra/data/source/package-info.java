/** Where labelled images come from: what lies in a folder, a list, a file of records, and the names of its classes. Nothing is decoded before it is asked for. */
package dev.lutra.data.source;
