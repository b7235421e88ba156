import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Actor } from "../kernel/Kernel.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { Outcome } from "../metric/Result.ts";
import { contentKeyOf } from "../workload/contentKeyOf.ts";
import { prefixKeyOf } from "../workload/prefixKeyOf.ts";
import { ClosedLoop } from "../workload/ClosedLoop.ts";
import { OpenArrivals } from "../workload/OpenArrivals.ts";
import type { ArrivalSource } from "../workload/RequestDraft.ts";
import type { RequestLengths } from "../workload/RequestLengths.ts";
import { idOfContent } from "../workload/RequestLengths.ts";
import { TraceArrivals } from "../workload/trace/TraceArrivals.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import type { ClientService } from "./Client.ts";
import { Client } from "./Client.ts";
import { Simulation } from "./Simulation.ts";
import * as Fields from "./Fields.ts";

const {
  ACTIVE,
  ARRIVAL_MS,
  CLASS_INDEX,
  CONTENT_KEY,
  CONTEXT_TOKENS,
  NUMBER,
  OUTPUT_TOKENS,
  PREFIX_KEY,
  PREFIX_TOKENS,
  PROMPT_TOKENS,
  STREAM_KEY,
  TRACE_BLOCK_TOKENS,
  TURN,
  TURNS_LEFT,
  USER,
} = Fields;

export interface TrafficOptions {
  readonly skipBadRows: boolean;
}

/** Where requests come from: open arrivals, recorded traces, conversations and closed loops. */
export interface TrafficService {
  /** Rows read from traces, and bad ones among them that were skipped. */
  readonly rows: number;
  readonly skippedRows: number;
  readonly hasTrace: boolean;
  /** Traces that were played to their end, by their classes. */
  readonly endedTraces: ReadonlyArray<{ readonly name: string; readonly endedAtMs: number }>;
  /** Reads on in the traces; to be called whenever the kernel starves. Rejects with TraceFault. */
  refill(): Promise<void>;
  close(): Promise<void>;
}

export class Traffic extends Context.Service<Traffic, TrafficService>()("spillway/Traffic") {
  static readonly layer = (
    classes: ReadonlyArray<TrafficClassSpec>,
    options: TrafficOptions,
  ): Layer.Layer<Traffic, never, Simulation | Client> =>
    Layer.effect(
      Traffic,
      Effect.gen(function* () {
        return new SimulatedTraffic(classes, options, yield* Simulation, yield* Client);
      }),
    );
}

const OP_ARRIVAL = 0;
const OP_TURN = 1;
const OP_USER = 2;

/** Between two requests of a closed-loop user, at least: users who never think and are refused at once must not stop time. Assumed. */
const FASTEST_USER_MS = 1;

// Names of contents: recorded block ids come first, then what the simulation names itself.
const STREAM_NAMES = 2 ** 40;

interface Naming {
  readonly classIndex: number;
  readonly prefixId: number;
  readonly prefixTokens: number;
  readonly contentId: number;
}

class SimulatedTraffic implements TrafficService, Actor {
  declare private readonly classes: ReadonlyArray<TrafficClassSpec>;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly client: ClientService;
  declare private readonly actor: number;
  private readonly sources: Array<ArrivalSource | undefined> = [];
  private readonly traces: Array<TraceArrivals> = [];
  private readonly lengths: Array<RequestLengths | undefined> = [];
  private readonly loops: Array<ClosedLoop | undefined> = [];
  declare private readonly counts: Array<number>;
  private streams = 0;

  constructor(
    classes: ReadonlyArray<TrafficClassSpec>,
    options: TrafficOptions,
    simulation: typeof Simulation.Service,
    client: ClientService,
  ) {
    this.classes = classes;
    this.simulation = simulation;
    this.client = client;
    this.actor = simulation.kernel.join(this);
    this.counts = classes.map(() => 0);
    client.connect((request, outcome) => this.ended(request, outcome));
    classes.forEach((spec, classIndex) => this.open(spec, classIndex, options));
  }

  get hasTrace(): boolean {
    return this.traces.length > 0;
  }

  get endedTraces(): ReadonlyArray<{ readonly name: string; readonly endedAtMs: number }> {
    return this.classes.flatMap(({ name }, classIndex) => {
      const source = this.sources[classIndex];
      const endedAtMs = source instanceof TraceArrivals ? source.endedAtMs : undefined;
      return endedAtMs === undefined ? [] : [{ name, endedAtMs }];
    });
  }

  get rows(): number {
    return this.traces.reduce((sum, trace) => sum + trace.rows, 0);
  }

  get skippedRows(): number {
    return this.traces.reduce((sum, trace) => sum + trace.skippedRows, 0);
  }

  async refill(): Promise<void> {
    for (const trace of this.traces) await trace.refill();
  }

  async close(): Promise<void> {
    for (const trace of this.traces) await trace.close();
  }

  wake(op: number, ref: number): void {
    if (op === OP_ARRIVAL) this.arrive(ref);
    else if (op === OP_TURN) this.nextTurn(ref);
    else this.nextOfUser(ref);
  }

  private open(spec: TrafficClassSpec, classIndex: number, options: TrafficOptions): void {
    const { kernel, streams } = this.simulation;
    if (spec.arrivals?.kind === "closed") {
      this.openLoop(new ClosedLoop(spec, streams), classIndex);
      return;
    }
    const source = spec.trace === undefined ? new OpenArrivals(spec, streams) : new TraceArrivals(spec, streams, options);
    if (source instanceof TraceArrivals) this.traces.push(source);
    else this.lengths[classIndex] = source.lengths;
    this.sources[classIndex] = source;
    kernel.source(() => source.next(), this.actor, OP_ARRIVAL, classIndex, Phase.Arrival);
  }

  private openLoop(loop: ClosedLoop, classIndex: number): void {
    const { kernel, requests } = this.simulation;
    this.loops[classIndex] = loop;
    this.lengths[classIndex] = loop.lengths;
    for (let user = 0; user < loop.users; user++) {
      const request = this.take(classIndex);
      requests.ints[request | USER] = user;
      kernel.post(loop.startMs(user), this.actor, OP_USER, request, Phase.Arrival);
    }
  }

  /** The draft of the class's source is the request that arrives now. */
  private arrive(classIndex: number): void {
    const { requests } = this.simulation;
    const draft = this.sources[classIndex]!.draft;
    const request = this.take(classIndex);
    requests.doubles[request | NUMBER] = this.counts[classIndex]!;
    this.counts[classIndex]!++;
    requests.ints[request | PROMPT_TOKENS] = draft.promptTokens;
    requests.ints[request | OUTPUT_TOKENS] = draft.outputTokens;
    requests.ints[request | TURNS_LEFT] = draft.turns - 1;
    this.name(request, { classIndex, prefixId: draft.prefixId, prefixTokens: draft.prefixTokens, contentId: draft.contentId });
    requests.traceKeys.set(request, draft.blockHashes);
    requests.ints[request | TRACE_BLOCK_TOKENS] = Math.max(1, draft.blockTokens);
    this.client.start(request);
  }

  private nextTurn(request: number): void {
    const { requests } = this.simulation;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    const lengths = this.lengths[classIndex]!;
    const number = requests.doubles[request | NUMBER]!;
    const turn = requests.ints[request | TURN]!;
    requests.ints[request | PROMPT_TOKENS] = requests.ints[request | CONTEXT_TOKENS]! + lengths.prompt(number, turn);
    requests.ints[request | OUTPUT_TOKENS] = lengths.output(number, turn);
    this.client.start(request);
  }

  private nextOfUser(request: number): void {
    const { requests } = this.simulation;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    const loop = this.loops[classIndex]!;
    const number = loop.requestId(requests.ints[request | USER]!, requests.ints[request | TURN]!);
    const contentId = loop.lengths.content(number);
    const lengthsId = contentId < 0 ? number : idOfContent(contentId);
    const prefixId = loop.lengths.prefix(lengthsId);
    const prefixTokens = loop.lengths.prefixTokens;
    requests.doubles[request | NUMBER] = number;
    requests.ints[request | PROMPT_TOKENS] = prefixTokens + loop.lengths.prompt(lengthsId);
    requests.ints[request | OUTPUT_TOKENS] = loop.lengths.output(lengthsId);
    this.name(request, { classIndex, prefixId, prefixTokens, contentId });
    this.client.start(request);
  }

  private ended(request: number, outcome: Outcome): void {
    const { requests, kernel } = this.simulation;
    const turn = requests.ints[request | TURN]!;
    requests.ints[request | TURN] = turn + 1;
    if (requests.ints[request | USER]! >= 0) {
      const thinkMs = this.loops[requests.ints[request | CLASS_INDEX]!]!.thinkMs(requests.ints[request | USER]!, turn);
      const nextMs = Math.max(kernel.now + thinkMs, requests.doubles[request | ARRIVAL_MS]! + FASTEST_USER_MS);
      kernel.post(nextMs, this.actor, OP_USER, request, Phase.Arrival);
    } else if (outcome === "completed" && requests.ints[request | TURNS_LEFT]! > 0) this.continueSession(request, turn + 1);
    else this.release(request);
  }

  /** A conversation goes on while its context fits; whoever got no answer leaves. */
  private continueSession(request: number, turn: number): void {
    const { requests, kernel } = this.simulation;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    const lengths = this.lengths[classIndex]!;
    const number = requests.doubles[request | NUMBER]!;
    const context = requests.ints[request | PROMPT_TOKENS]! + requests.ints[request | OUTPUT_TOKENS]!;
    if (context + lengths.prompt(number, turn) > this.classes[classIndex]!.session!.maxContextTokens) return this.release(request);
    requests.ints[request | CONTEXT_TOKENS] = context;
    requests.ints[request | TURNS_LEFT]!--;
    kernel.post(kernel.now + lengths.thinkMs(number, turn), this.actor, OP_TURN, request, Phase.Arrival);
  }

  private take(classIndex: number): number {
    const { requests } = this.simulation;
    const request = requests.take();
    requests.ints[request | CLASS_INDEX] = classIndex;
    requests.ints[request | USER] = -1;
    requests.ints[request | TURN] = 0;
    requests.ints[request | TURNS_LEFT] = 0;
    requests.ints[request | ACTIVE] = 0;
    requests.traceKeys.set(request, undefined);
    requests.ints[request | TRACE_BLOCK_TOKENS] = 1;
    return request;
  }

  private release(request: number): void {
    this.simulation.requests.traceKeys.set(request, undefined);
    this.simulation.requests.give(request);
  }

  /** Names the content: the shared prefix, if any, and everything after it, which is the request's own unless others ask the same. */
  private name(request: number, { classIndex, prefixId, prefixTokens, contentId }: Naming): void {
    const { requests } = this.simulation;
    const contentKey = contentId < 0 ? 0 : contentKeyOf(classIndex, contentId);
    requests.doubles[request | CONTENT_KEY] = contentKey;
    requests.doubles[request | PREFIX_KEY] = prefixId < 0 ? 0 : prefixKeyOf(classIndex, prefixId);
    requests.ints[request | PREFIX_TOKENS] = prefixId < 0 ? 0 : prefixTokens;
    requests.doubles[request | STREAM_KEY] = contentKey === 0 ? STREAM_NAMES + this.streams++ : contentKey;
  }
}
