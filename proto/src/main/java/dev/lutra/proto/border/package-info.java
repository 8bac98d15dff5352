/**
 * What a stranger has to show, and what a stranger's task and model may hold: looked at when they are submitted, and again on the device
 * that is to run them.
 */
package dev.lutra.proto.border;
