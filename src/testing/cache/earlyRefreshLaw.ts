import fc from "fast-check";
import type { Law } from "../Law.ts";
import { lawOf } from "../Law.ts";
import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import { weighted } from "../Operation.ts";
import type { Operation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { CacheAdapter, CacheSpec } from "./CacheAdapter.ts";

interface RefreshTrial {
  readonly laboratory: Laboratory;
}

/** Entries that are read once each; the draws are spread evenly, so the share that refreshes has no chance in it. */
const READERS = 200;

/** C-10: how often readers refresh before the end, against exp(-x / (beta * load time)). */
export const earlyRefreshLaw = (adapter: CacheAdapter, spec: CacheSpec): Law =>
  lawOf<RefreshTrial>({
    id: "C-10",
    kind: "S",
    title: "readers refresh early as often as XFetch says",
    target: adapter.name,
    laboratory: adapter.laboratory,
    operations: [weighted(1, refreshOperation(adapter, spec))],
    start: (laboratory) => ({ laboratory }),
    dispose: () => undefined,
    runsRatio: 0.1,
    maxOperations: 1,
  });

const refreshOperation = (adapter: CacheAdapter, spec: CacheSpec): fc.Arbitrary<Operation<RefreshTrial>> =>
  fc
    .record({
      beta: fc.constantFrom(0, 1, 2),
      loadMs: fc.constantFrom(0, 50, 400, 2 * spec.ttlMs),
      leftMs: fc.constantFrom(1, 50, 200, 400, spec.ttlMs - 1),
    })
    .map(({ beta, loadMs, leftMs }) => ({
      text: `${READERS} entries that took ${spanText(loadMs)} to load, beta ${beta}, are read ${spanText(leftMs)} before their end`,
      run: async ({ laboratory }) => {
        const loads = await refreshes(adapter, { ...spec, earlyRefresh: beta }, laboratory, { loadMs, leftMs });
        const share = beta * loadMs === 0 ? 0 : Math.exp(-leftMs / (beta * loadMs));
        laboratory.note(`${loads} loads`);
        if (Math.abs(loads - share * READERS) > 1)
          throw new LawBroken(`${(share * READERS).toFixed(1)} of ${READERS} readers load; ${loads} did`);
      },
    }));

/** Loads that start when each of the entries is read once. */
const refreshes = async (
  adapter: CacheAdapter,
  spec: CacheSpec,
  laboratory: Laboratory,
  { loadMs, leftMs }: { readonly loadMs: number; readonly leftMs: number },
): Promise<number> => {
  const ends: Array<() => void> = [];
  let draw = 0;
  const load = (): Promise<unknown> => new Promise((resolve) => void ends.push(() => resolve(1)));
  const cache = await adapter.make(load, { ...spec, draw: () => draw }, laboratory);
  const read = (index: number): void =>
    void laboratory.answer((async () => cache.get(`k${index}`, { signal: new AbortController().signal }))()).catch(() => undefined);
  for (let index = 0; index < READERS; index++) read(index);
  await laboratory.drain();
  await laboratory.advance(loadMs);
  for (const end of ends.splice(0)) end();
  await laboratory.drain();
  await laboratory.advance(spec.ttlMs - leftMs);
  for (let index = 0; index < READERS; index++) {
    draw = (index + 0.5) / READERS;
    read(index);
  }
  await laboratory.drain();
  const loads = ends.length;
  for (const end of ends) end();
  return loads;
};
