/** What follows from content alone: names, which whoever has the same bytes gives them too, and what a model is to compute in integers. */
package dev.lutra.proto.content;
