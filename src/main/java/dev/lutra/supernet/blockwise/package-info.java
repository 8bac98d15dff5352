/**
 * Block-wise distillation: the stages of a space are trained side by side, each against what a trained network makes of images at that
 * stage, so that what an architecture is worth is a sum over its stages.
 */
package dev.lutra.supernet.blockwise;
