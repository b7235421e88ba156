import type { Draws, Streams, UnitSource } from "../../kernel/Streams.ts";
import { RenewalGaps } from "../RenewalGaps.ts";
import { toTokens } from "../SamplerOf.ts";
import type { RowFeed, RowPass } from "./RowFeed.ts";
import { readServeGen } from "./ServeGenFolder.ts";
import type { ClientWindow, ServeGenClient, ServeGenFolder } from "./ServeGenFolder.ts";
import type { TraceRow } from "./TraceRow.ts";

const BATCH_ROWS = 1024;

/** What to sample from a folder. */
export interface ServeGenFeedOptions {
  readonly folder: string;
  readonly skipBadRows: boolean;
  readonly streams: Streams;
  /** Stream path; each client adds its number. */
  readonly path: string;
  readonly rateScale: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Requests sampled from the rates and distributions of a ServeGen folder, which holds no requests. In each window a client
 * is a renewal process in equilibrium with the window's rate and CV, so that the expected count is the rate's; lengths are
 * drawn by the client's request number. The rate scale multiplies the rates.
 */
export class ServeGenFeed implements RowFeed {
  readonly scalesRate = true;
  declare private readonly options: ServeGenFeedOptions;
  private folder: ServeGenFolder | undefined;

  constructor(options: ServeGenFeedOptions) {
    this.options = options;
  }

  open(pass: number): RowPass {
    return new ServeGenPass(this.options, pass, () => this.read());
  }

  private async read(): Promise<ServeGenFolder> {
    this.folder ??= await readServeGen(this.options.folder, this.options.skipBadRows);
    return this.folder;
  }
}

class ServeGenPass implements RowPass {
  declare readonly batches: AsyncGenerator<ReadonlyArray<TraceRow>>;
  readonly originMs = 0;
  readonly timed = true;
  readonly ignoredRows = 0;
  rows = 0;
  skippedRows = 0;
  endMs: number | undefined;
  declare private readonly options: ServeGenFeedOptions;
  declare private readonly pass: number;

  constructor(options: ServeGenFeedOptions, pass: number, read: () => Promise<ServeGenFolder>) {
    this.options = options;
    this.pass = pass;
    this.batches = this.sample(read);
  }

  private async *sample(read: () => Promise<ServeGenFolder>): AsyncGenerator<ReadonlyArray<TraceRow>> {
    const folder = await read();
    this.rows = folder.rows;
    this.skippedRows = folder.skippedRows;
    this.endMs = folder.endMs;
    const merge = new ClientMerge(folder.clients.map((client) => this.samplerOf(client)));
    for (let batch = merge.take(BATCH_ROWS); batch.length > 0; batch = merge.take(BATCH_ROWS)) yield batch;
  }

  private samplerOf(client: ServeGenClient): ClientSampler {
    const { streams, path, rateScale, fromMs, toMs } = this.options;
    const suffix = this.pass === 0 ? "" : `/pass ${this.pass}`;
    const clientPath = `${path}/servegen/${client.number}${suffix}`;
    return new ClientSampler({
      windows: client.windows,
      streams,
      path: clientPath,
      rateScale,
      fromMs,
      toMs,
    });
  }
}

/** Merges the clients in order of time; at equal times the lower number is first. */
class ClientMerge {
  declare private readonly clients: ReadonlyArray<ClientSampler>;
  declare private readonly nextMs: Float64Array;

  constructor(clients: ReadonlyArray<ClientSampler>) {
    this.clients = clients;
    this.nextMs = Float64Array.from(clients, (client) => client.nextMs());
  }

  take(limit: number): ReadonlyArray<TraceRow> {
    const rows: Array<TraceRow> = [];
    while (rows.length < limit) {
      const earliest = this.earliest();
      const atMs = this.nextMs[earliest]!;
      if (atMs === Infinity) break;
      const client = this.clients[earliest]!;
      rows.push(client.row(atMs));
      this.nextMs[earliest] = client.nextMs();
    }
    return rows;
  }

  private earliest(): number {
    let best = 0;
    for (let index = 1; index < this.nextMs.length; index++) {
      if (this.nextMs[index]! < this.nextMs[best]!) best = index;
    }
    return best;
  }
}

/** The requests of one client. */
class ClientSampler {
  declare private readonly windows: ReadonlyArray<ClientWindow>;
  declare private readonly rateScale: number;
  declare private readonly fromMs: number;
  declare private readonly toMs: number;
  declare private readonly gapSource: UnitSource;
  declare private readonly prompts: Draws;
  declare private readonly outputs: Draws;
  private index = -1;
  private gaps: RenewalGaps | undefined;
  /** Expected requests since the start of the window. */
  private passed = 0;
  private id = 0;

  constructor(options: {
    readonly windows: ReadonlyArray<ClientWindow>;
    readonly streams: Streams;
    readonly path: string;
    readonly rateScale: number;
    readonly fromMs: number;
    readonly toMs: number;
  }) {
    this.windows = options.windows;
    this.rateScale = options.rateScale;
    this.fromMs = options.fromMs;
    this.toMs = options.toMs;
    this.gapSource = options.streams.open(options.path, "gap").sequence();
    this.prompts = options.streams.open(options.path, "prompt");
    this.outputs = options.streams.open(options.path, "output");
  }

  /** Time of the next request on the recording's clock, Infinity at the end. */
  nextMs(): number {
    for (;;) {
      const window = this.windows[this.index];
      if (window !== undefined && this.gaps !== undefined) {
        this.passed += this.gaps.next(this.gapSource);
        const atMs = Math.max(window.startMs, this.fromMs) + this.passed / (window.perMs * this.rateScale);
        if (atMs < Math.min(window.endMs, this.toMs)) return atMs;
      }
      if (!this.enterNext()) return Infinity;
    }
  }

  /** The request at the time that nextMs() just gave. */
  row(atMs: number): TraceRow {
    const window = this.windows[this.index]!;
    const id = this.id++;
    return {
      atMs,
      promptTokens: toTokens(window.prompts.sample(this.prompts.at(id))),
      outputTokens: toTokens(window.outputs.sample(this.outputs.at(id))),
      blockHashes: undefined,
      blockTokens: 0,
      usable: true,
      line: window.line,
    };
  }

  private enterNext(): boolean {
    do this.index++;
    while (this.index < this.windows.length && this.windows[this.index]!.endMs <= this.fromMs);
    const window = this.windows[this.index];
    if (window === undefined || window.startMs >= this.toMs) return false;
    this.gaps = new RenewalGaps(window.gaps);
    this.passed = 0;
    return true;
  }
}
