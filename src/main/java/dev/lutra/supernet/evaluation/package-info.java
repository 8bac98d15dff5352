/**
 * Evaluation: a {@link dev.lutra.supernet.evaluation.SubnetEvaluator} measures batch norm anew for an architecture, says how
 * accurate it is, and gives the {@link dev.lutra.supernet.evaluation.Subnet} that can be exported.
 */
package dev.lutra.supernet.evaluation;
