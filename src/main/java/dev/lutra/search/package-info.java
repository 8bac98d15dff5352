/**
 * Which architecture to take: {@link dev.lutra.search.algorithm.Nsga2Search} looks for the best trade-offs between
 * {@link dev.lutra.search.Objective objectives} among the architectures that keep every
 * {@link dev.lutra.search.Constraint constraint}. A {@link dev.lutra.search.CandidateEvaluator} judges them, cheap measures
 * first and accuracy last, and the {@link dev.lutra.search.Front} is what nobody in it beats.
 */
package dev.lutra.search;
