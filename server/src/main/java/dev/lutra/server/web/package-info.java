/**
 * Pages: {@link dev.lutra.server.web.WebServer} serves the browser agent and speaks the agent protocol with it, as JSON over
 * HTTP, with the same queue, token and meaning as gRPC. Decides nothing about tasks.
 */
package dev.lutra.server.web;
