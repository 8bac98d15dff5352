/** What the device is: its processor, its runtimes, the state that the operating system tells. */
package dev.lutra.agent.device;
