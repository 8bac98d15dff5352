/** The figures that architectures are compared by: a {@link dev.lutra.measure.MeasureKind kind} a name. */
package dev.lutra.measure;
