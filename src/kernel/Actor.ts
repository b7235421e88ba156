/** Anything that reacts to events. */
export interface Actor {
  /** Called at the time of the event. `op` is the actor's own small integer, `ref` a slot or any 32-bit integer. */
  wake(op: number, ref: number): void;
}
