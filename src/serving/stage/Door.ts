import type { GatewayListener } from "../Gateway.ts";

/**
 * What an attempt goes through next: a stage in front of the gateway, or the gateway itself. Stages form a chain from the client to the
 * gateway; a stage that a scenario does not ask for is not in the chain.
 *
 * Whoever took an attempt by `submit` reports its end once and gives its slot back after that; after `hangUp` nothing but wasted tokens
 * is reported, and the slot is given back by whoever holds it.
 */
export interface Door {
  connect(listener: GatewayListener): void;
  submit(attempt: number): void;
  hangUp(attempt: number): void;
}
