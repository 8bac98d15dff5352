/** Names that follow from content: whoever has the same bytes gives them the same name. */
package dev.lutra.proto.content;
