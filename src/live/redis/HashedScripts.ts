import { createHash } from "node:crypto";
import type { ScriptClient } from "./ScriptClient.ts";

/** An ioredis client that can run a script by its hash. */
export interface HashClient extends ScriptClient {
  evalsha(hash: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown>;
}

/** Sends scripts by their hash; the text follows only when the server does not know it, which it says before it runs anything. */
export class HashedScripts implements ScriptClient {
  readonly #client: HashClient;
  readonly #hashes = new Map<string, string>();

  constructor(client: HashClient) {
    this.#client = client;
  }

  async eval(script: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown> {
    try {
      return await this.#client.evalsha(this.#hashOf(script), keys, ...args);
    } catch (fault) {
      if (!(fault instanceof Error && fault.message.startsWith("NOSCRIPT"))) throw fault;
      return this.#client.eval(script, keys, ...args);
    }
  }

  #hashOf(script: string): string {
    const known = this.#hashes.get(script);
    if (known !== undefined) return known;
    const hash = createHash("sha1").update(script).digest("hex");
    this.#hashes.set(script, hash);
    return hash;
  }
}
