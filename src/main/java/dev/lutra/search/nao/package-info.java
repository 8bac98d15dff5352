/** What NAO learns of architectures: words for their genes, and networks that read, judge and write them. */
package dev.lutra.search.nao;
