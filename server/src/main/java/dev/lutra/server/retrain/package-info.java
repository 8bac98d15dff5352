/** Which networks are trained by themselves. */
package dev.lutra.server.retrain;
