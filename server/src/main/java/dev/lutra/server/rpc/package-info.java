/**
 * The wire: {@link dev.lutra.server.rpc.LutraServer} speaks the agent and fleet protocols over gRPC, behind one bearer
 * token, and {@link dev.lutra.server.rpc.RemoteFleet} is the fleet of such a server. Decides nothing about tasks.
 */
package dev.lutra.server.rpc;
