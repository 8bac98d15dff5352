/**
 * Architectures in files of other tools: {@link dev.lutra.space.interchange.ArchitectureFile} reads and writes MMRazor's subnets
 * and the {@code net.config} of ProxylessNAS and Once-for-all.
 */
package dev.lutra.space.interchange;
