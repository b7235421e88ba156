import type { VirtualTime } from "./VirtualTime.ts";

/** What the client of a store sees when a command or its reply is lost. The command may have been applied. */
export class StoreLost extends Error {
  override readonly name = "StoreLost";
}

/** What befalls the next command. */
export type CommandFault =
  /** Not applied. */
  | "dropRequest"
  /** Applied; its client sees the same error. */
  | "dropReply"
  /** Applied twice; its client sees the second reply. */
  | "duplicate"
  /** Applied now; the reply comes so much later. */
  | { readonly lateMs: number };

/** refusing: each command fails at once. silent: no command is ever answered. */
export type StoreState = "up" | "refusing" | "silent";

/**
 * The way from a component to its store, through which an adapter sends every command, and which faults befall. A store's own clock, where it is read from
 * this process, is true time and not the node's.
 */
export class StoreConnection {
  state: StoreState = "up";
  /** What every reply takes, in ms. */
  slowMs = 0;
  /** How far the store's own clock is ahead of true time, in ms: another server may have taken over. */
  aheadMs = 0;
  /** Befalls one command. */
  next: CommandFault | undefined;
  /** Commands that the store works on now. */
  inFlight = 0;
  declare private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  /** Sends a command, perhaps twice or in vain. Rejects with StoreLost where a fault says so. */
  async send<A>(command: () => Promise<A>): Promise<A> {
    const fault = this.next;
    this.next = undefined;
    if (this.state === "refusing") throw new StoreLost("connection refused");
    if (this.state === "silent") return new Promise<A>(() => undefined);
    if (fault === "dropRequest") throw new StoreLost("connection lost");
    let reply = await this.apply(command);
    if (fault === "duplicate") reply = await this.apply(command);
    if (fault === "dropReply") throw new StoreLost("connection lost");
    const lateMs = typeof fault === "object" ? fault.lateMs : this.slowMs;
    if (lateMs > 0) await new Promise<void>((resolve) => void this.time.after(lateMs, resolve));
    return reply;
  }

  private async apply<A>(command: () => Promise<A>): Promise<A> {
    this.inFlight++;
    this.time.readsTrueTime++;
    try {
      return await command();
    } finally {
      this.inFlight--;
      this.time.readsTrueTime--;
    }
  }
}
