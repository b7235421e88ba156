import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A Redis of our own. */
export interface OwnRedis {
  readonly redis: Redis;
  readonly close: () => Promise<void>;
}

/** Whether real servers may be started: `SPILLWAY_LIVE=1`. */
export const mayStartRedis = (): boolean => process.env["SPILLWAY_LIVE"] === "1";

/** Starts `redis-server` as a child, without disk and port, on a socket in a folder of its own; it ends with this process at the latest. Rejects when it cannot be started. */
export const startRedis = async (): Promise<OwnRedis> => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-redis-"));
  const path = join(folder, "socket");
  const child = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder], {
    stdio: "ignore",
  });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new Error("redis-server cannot be started", { cause })));
    child.once("exit", (code) => reject(new Error(`redis-server ended with code ${code}`)));
  });
  const redis = new Redis({ path, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => undefined);
  await Promise.race([redis.ping(), failed]);
  failed.catch(() => undefined);
  return {
    redis,
    close: async () => {
      redis.disconnect();
      process.off("exit", kill);
      kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
