/**
 * What a supernet learns when: a {@link dev.lutra.supernet.curriculum.Curriculum} is a row of phases, each with its
 * {@link dev.lutra.supernet.curriculum.Sampling} and the {@link dev.lutra.supernet.curriculum.Transition transitions} that
 * follow it. Ways to sample and transitions are looked up by name.
 */
package dev.lutra.supernet.curriculum;
