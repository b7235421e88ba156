/** What the scripts need of an ioredis client; its owner connects and closes it. */
export interface ScriptClient {
  eval(script: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown>;
}

/** Microseconds as text for a script; undefined means Redis' own clock. */
export const scriptTime = (nowMs: number | undefined): string => (nowMs === undefined ? "" : String(Math.round(nowMs * 1000)));

/**
 * Where a key's state begins: `form` keeps limiters, breakers and caches with one prefix apart, the braces keep all keys of a state in one slot of a
 * cluster, the length keeps names apart that contain braces.
 */
export const stateKey = (prefix: string, form: string, key: string): string => `${prefix}:${form}:${key.length}:{${key}}`;
