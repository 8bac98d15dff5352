/** What a network costs by counting: MACs under a named rule, and parameters. */
package dev.lutra.cost;
