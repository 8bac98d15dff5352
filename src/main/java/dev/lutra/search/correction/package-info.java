/** What networks that were trained alone teach a search of the accuracies that others have with shared weights. */
package dev.lutra.search.correction;
