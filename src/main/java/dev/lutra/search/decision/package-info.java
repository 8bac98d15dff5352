/** What a front says to somebody who has to choose from it. */
package dev.lutra.search.decision;
