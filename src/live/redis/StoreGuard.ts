import { requireSetting } from "../../policy/SettingFault.ts";
import type { ScriptClient } from "./ScriptClient.ts";

export interface StoreGuardSettings {
  /** A command without a reply by then is given up; whether it took effect is unknown. */
  readonly deadlineMs: number;
  /** Commands without a reply, those given up included; one more is refused at once, so a store that hangs holds no more than these. */
  readonly maxInFlight: number;
}

/** Why there is no reply: "late" and "failed" commands may have taken effect, "busy" ones were never sent. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  readonly _tag = "StoreFault";
  declare readonly reason: "late" | "failed" | "busy";

  constructor(reason: StoreFault["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Runs something once after so many ms; the answer cancels it. */
export type Timer = (ms: number, run: () => void) => () => void;

const machineTimer: Timer = (ms, run) => {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
};

/** A client each of whose commands ends within the deadline, whatever the connection does: with its reply, or rejected with StoreFault. */
export class StoreGuard implements ScriptClient {
  readonly #client: ScriptClient;
  readonly #settings: StoreGuardSettings;
  readonly #timer: Timer;
  #inFlight = 0;

  /** Throws SettingFault. `timer` is for tests. */
  constructor(client: ScriptClient, settings: StoreGuardSettings, timer: Timer = machineTimer) {
    requireSetting("storeGuard.deadlineMs", settings.deadlineMs, { above: 0, most: 2 ** 31 - 1 });
    requireSetting("storeGuard.maxInFlight", settings.maxInFlight, { least: 1, whole: true });
    this.#client = client;
    this.#settings = settings;
    this.#timer = timer;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  eval(script: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown> {
    const { deadlineMs, maxInFlight } = this.#settings;
    if (this.#inFlight >= maxInFlight) return Promise.reject(new StoreFault("busy", `${maxInFlight} commands await their replies`));
    this.#inFlight++;
    return new Promise((resolve, reject) => {
      const cancel = this.#timer(deadlineMs, () => reject(new StoreFault("late", `no reply within ${deadlineMs} ms`)));
      const ended = (): void => {
        this.#inFlight--;
        cancel();
      };
      this.#sent(script, keys, args).then(
        (reply) => {
          ended();
          resolve(reply);
        },
        (cause: unknown) => {
          ended();
          reject(new StoreFault("failed", `the store failed: ${String(cause)}`, { cause }));
        },
      );
    });
  }

  /** A client that throws at once is one that rejects. */
  async #sent(script: string, keys: number, args: ReadonlyArray<string>): Promise<unknown> {
    return this.#client.eval(script, keys, ...args);
  }
}
