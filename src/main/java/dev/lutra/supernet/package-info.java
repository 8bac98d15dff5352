/**
 * The weight-sharing supernet on DJL: {@link dev.lutra.supernet.Trainer} trains it path by path,
 * {@link dev.lutra.supernet.SubnetEvaluator} cuts subnets out of it and tells their accuracy. The only package that sees DJL.
 */
package dev.lutra.supernet;
