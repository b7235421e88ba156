import type { Kernel } from "../kernel/Kernel.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { Column } from "../kernel/SlotPool.ts";
import type { Attempts } from "./Attempts.ts";
import type { DisaggregationSpec } from "./DisaggregationSpec.ts";
import type { Engine, EngineListener } from "./engine/Engine.ts";
import { facade } from "./handover/facade.ts";
import { KvLink } from "./handover/KvLink.ts";

/** Where an attempt is between the pools. */
const Stage = { None: 0, Prefill: 1, Stranded: 2, Reserving: 3, Transferring: 4, Recalling: 5, Recomputing: 6, Decode: 7 } as const;
const NONE = -1;
const OP_ARRIVE = 0;
const OP_RECOMPUTE = 1;

export interface DisaggregationOptions {
  readonly spec: DisaggregationSpec;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  readonly listener: EngineListener;
}

interface PrefillSide {
  readonly engine: Engine;
  readonly replica: number;
  readonly bytesPerToken: number;
  readonly link: KvLink;
  recomputed: number;
}

/** What left a prefill replica for decode replicas. */
export interface Handovers {
  /** Transfers that were begun, and their bytes. */
  readonly transfers: number;
  readonly bytes: number;
  /** Prompts that were computed again where they are decoded, because their KV was lost on the way. */
  readonly recomputed: number;
  /** Time in which the link was sending. */
  readonly linkBusyMs: number;
}

interface DecodeSide {
  readonly engine: Engine;
  readonly replica: number;
  attempts: number;
}

/**
 * Hands attempts from prefill to decode replicas. After the first token a decode replica with the fewest attempts allocates blocks; then the
 * KV that its prefix cache lacks moves, and the attempt decodes there. The prefill replica keeps the blocks until the KV is over, so that full decode pools back up into it.
 * Where the KV is lost on the way (link down, prefill replica dead) the decode replica computes the prompt again. Where the decode replica dies
 * before it has the KV, another one is chosen; with none up, finished prompts hold their blocks. What a link has begun to send it sends to its
 * end, even if nobody waits for it any more.
 */
export class Disaggregation {
  declare private readonly spec: DisaggregationSpec;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly listener: EngineListener;
  declare private readonly actor: number;
  private readonly prefills: Array<PrefillSide> = [];
  private readonly decodes: Array<DecodeSide> = [];
  declare private readonly stage: Column<Int32Array>;
  declare private readonly prefillOf: Column<Int32Array>;
  declare private readonly decodeOf: Column<Int32Array>;
  declare private readonly ticket: Column<Float64Array>;
  declare private readonly firstMs: Column<Float64Array>;
  declare private readonly admittedMs: Column<Float64Array>;
  /** Since when layers of the KV could go over the link; NaN if only whole. */
  declare private readonly layersMs: Column<Float64Array>;
  /** Finished prompts that no decode replica is there for, in order. */
  private readonly stranded = new Set<number>();
  /** Finished prompts that wait for blocks, or move. */
  private readonly moving = new Set<number>();

  constructor(options: DisaggregationOptions) {
    const { attempts, kernel } = options;
    this.spec = options.spec;
    this.kernel = kernel;
    this.attempts = attempts;
    this.listener = options.listener;
    this.actor = kernel.join({ wake: (op, attempt) => (op === OP_ARRIVE ? this.arrive(attempt) : this.recompute(attempt)) });
    this.stage = attempts.int32();
    this.prefillOf = attempts.int32();
    this.decodeOf = attempts.int32();
    this.ticket = attempts.float64();
    this.firstMs = attempts.float64();
    this.admittedMs = attempts.float64();
    this.layersMs = attempts.float64();
  }

  /** A prefill replica: what the gateway sends to. */
  prefill(replica: number, bytesPerToken: number, build: (listener: EngineListener) => Engine): Engine {
    const { listener } = this;
    const index = this.prefills.length;
    const engine = build({
      firstToken: (attempt) => listener.firstToken(attempt),
      finished: (attempt) => this.prefilled(attempt),
      released: (attempt, tokens) => this.leave(attempt, () => listener.released(attempt, tokens)),
      failed: (attempt, tokens) => this.leave(attempt, () => listener.failed(attempt, tokens)),
    });
    this.prefills.push({ engine, replica, bytesPerToken, link: new KvLink(this.spec.link.bytesPerMs), recomputed: 0 });
    return facade(engine, {
      up: () => engine.up,
      // The answer needs a decode replica that holds it.
      maxTokens: () => Math.min(engine.maxTokens, Math.max(...this.decodes.map((side) => side.engine.maxTokens))),
      submit: (attempt) => this.submit(attempt, index),
      cancel: (attempt) => this.cancel(attempt),
      fail: () => this.failPrefill(index),
      recover: () => engine.recover(),
    });
  }

  /** A decode replica: the gateway sends nothing to it. */
  decode(replica: number, build: (listener: EngineListener) => Engine): Engine {
    const { listener } = this;
    const engine = build({
      firstToken: (attempt) => this.decodeFirst(attempt),
      finished: (attempt) => this.leave(attempt, () => listener.finished(attempt)),
      released: (attempt, tokens) => this.decodeReleased(attempt, tokens),
      failed: (attempt, tokens) => this.decodeFailed(attempt, tokens),
      kvReserved: (attempt, presentTokens) => this.send(attempt, presentTokens),
    });
    this.decodes.push({ engine, replica, attempts: 0 });
    return facade(engine, {
      up: () => false,
      maxTokens: () => engine.maxTokens,
      submit: () => false,
      cancel: (attempt) => this.cancel(attempt),
      fail: () => engine.fail(),
      recover: () => {
        engine.recover();
        for (const attempt of this.stranded) this.handOver(attempt);
      },
    });
  }

  /** A fault holds the link of a prefill replica down, or lets it go; while it is down, prompts are computed again where they are decoded. */
  holdLink(replica: number, on: boolean): void {
    const side = this.sideOf(replica);
    if (side === undefined) return;
    side.link.hold(this.kernel.now, on);
    if (!on) return;
    for (const attempt of this.moving) {
      if (this.source(attempt) === side && this.stage.at[attempt] === Stage.Transferring) this.recompute(attempt);
    }
  }

  /** Transfers that start from now on over the link of a prefill replica take `factor` times as long. */
  slowLink(replica: number, factor: number): void {
    this.sideOf(replica)?.link.slow(factor);
  }

  startMeasuring(): void {
    for (const side of this.prefills) {
      side.link.startMeasuring(this.kernel.now);
      side.recomputed = 0;
    }
  }

  /** What has left a prefill replica since the start of the measurement; undefined for other replicas. */
  handovers(replica: number): Handovers | undefined {
    const side = this.sideOf(replica);
    if (side === undefined) return undefined;
    const { link, recomputed } = side;
    return { transfers: link.transfers, bytes: link.bytes, recomputed, linkBusyMs: link.busyMs(this.kernel.now) };
  }

  private submit(attempt: number, prefill: number): boolean {
    this.prefillOf.at[attempt] = prefill;
    this.decodeOf.at[attempt] = NONE;
    this.ticket.at[attempt] = NONE;
    const prompt = this.attempts.promptTokens.at[attempt]!;
    if (this.decodes.every(({ engine }) => prompt >= engine.maxTokens)) return false;
    const { engine } = this.prefills[prefill]!;
    const { promptLongerThan, prefillQueueBelow } = this.spec;
    if (prompt > promptLongerThan && engine.waitingCount < prefillQueueBelow) {
      this.stage.at[attempt] = Stage.Prefill;
      return engine.submit(attempt);
    }
    const decode = this.pick();
    if (decode === NONE || !this.decodes[decode]!.engine.submit(attempt)) return false;
    this.join(attempt, decode, Stage.Decode);
    this.listener.moved?.(attempt, this.decodes[decode]!.replica);
    return true;
  }

  /** The prompt is computed, and the first token is out. */
  private prefilled(attempt: number): void {
    if (this.attempts.outputTokens.at[attempt]! <= 1) {
      this.source(attempt).engine.releaseKv!(attempt);
      return this.leave(attempt, () => this.listener.finished(attempt));
    }
    this.firstMs.at[attempt] = this.attempts.firstTokenMs.at[attempt]!;
    this.admittedMs.at[attempt] = this.attempts.admittedMs.at[attempt]!;
    this.layersMs.at[attempt] = this.attempts.admittedMs.at[attempt]!;
    this.handOver(attempt);
  }

  private handOver(attempt: number): void {
    this.stranded.delete(attempt);
    const decode = this.pick();
    if (decode === NONE) {
      this.stage.at[attempt] = Stage.Stranded;
      this.layersMs.at[attempt] = NaN;
      this.stranded.add(attempt);
      return;
    }
    this.join(attempt, decode, Stage.Reserving);
    this.moving.add(attempt);
    if (!this.decodes[decode]!.engine.expectTransfer!(attempt)) this.refuse(attempt);
  }

  /** Blocks are there: the KV that they lack moves. */
  private send(attempt: number, presentTokens: number): void {
    const side = this.source(attempt);
    const { spec, kernel } = this;
    if (side.link.down) {
      // When the decode replica has done with this instant.
      this.stage.at[attempt] = Stage.Transferring;
      this.ticket.at[attempt] = kernel.post(kernel.now, this.actor, OP_RECOMPUTE, attempt, Phase.Arrival);
      return;
    }
    const bytes = (this.attempts.promptTokens.at[attempt]! - presentTokens) * side.bytesPerToken;
    const layersMs = this.layersMs.at[attempt]!;
    const layered = !Number.isNaN(layersMs);
    const sendMs = side.link.send(kernel.now, {
      bytes,
      visibleRatio: layered ? spec.visibleRatio : 1,
      sinceMs: layered ? layersMs : kernel.now,
    });
    const delayMs = sendMs + spec.link.latencyMs;
    this.stage.at[attempt] = Stage.Transferring;
    this.ticket.at[attempt] = kernel.post(kernel.now + delayMs, this.actor, OP_ARRIVE, attempt, Phase.Arrival);
  }

  private arrive(attempt: number): void {
    const decode = this.decodes[this.decodeOf.at[attempt]!]!;
    this.ticket.at[attempt] = NONE;
    this.moving.delete(attempt);
    this.stage.at[attempt] = Stage.Decode;
    this.source(attempt).engine.releaseKv!(attempt);
    decode.engine.transferArrived!(attempt);
    this.listener.moved?.(attempt, decode.replica);
  }

  /** The KV is lost: the decode replica takes the attempt as a prompt. */
  private recompute(attempt: number): void {
    const decode = this.decodes[this.decodeOf.at[attempt]!]!;
    this.revoke(attempt);
    this.source(attempt).recomputed++;
    this.moving.delete(attempt);
    this.source(attempt).engine.releaseKv!(attempt);
    this.stage.at[attempt] = Stage.Recalling;
    decode.engine.cancel(attempt);
    this.stage.at[attempt] = Stage.Recomputing;
    if (decode.engine.submit(attempt)) this.listener.moved?.(attempt, decode.replica);
    else this.leave(attempt, () => this.listener.failed(attempt, 1));
  }

  /** The user has the first token already. */
  private decodeFirst(attempt: number): void {
    if (this.stage.at[attempt] !== Stage.Recomputing) return this.listener.firstToken(attempt);
    this.stage.at[attempt] = Stage.Decode;
    this.attempts.firstTokenMs.at[attempt] = this.firstMs.at[attempt]!;
    this.attempts.admittedMs.at[attempt] = this.admittedMs.at[attempt]!;
  }

  private decodeReleased(attempt: number, tokens: number): void {
    if (this.stage.at[attempt] === Stage.Recalling) return;
    this.releaseSource(attempt);
    this.leave(attempt, () => this.listener.released(attempt, tokens));
  }

  private decodeFailed(attempt: number, tokens: number): void {
    const stage = this.stage.at[attempt];
    if (stage !== Stage.Reserving && stage !== Stage.Transferring) {
      return this.leave(attempt, () => this.listener.failed(attempt, tokens));
    }
    this.revoke(attempt);
    this.part(attempt);
    this.moving.delete(attempt);
    this.layersMs.at[attempt] = NaN;
    this.handOver(attempt);
  }

  private failPrefill(index: number): void {
    const side = this.prefills[index]!;
    const mine = (attempt: number): boolean => this.prefillOf.at[attempt] === index;
    const lost = [...this.moving].filter(mine);
    const waiting = [...this.stranded].filter(mine);
    side.engine.fail();
    side.link.clear(this.kernel.now);
    for (const attempt of lost) this.recompute(attempt);
    for (const attempt of waiting) this.leave(attempt, () => this.listener.failed(attempt, 1));
  }

  private refuse(attempt: number): void {
    this.releaseSource(attempt);
    this.leave(attempt, () => this.listener.failed(attempt, 1));
  }

  private cancel(attempt: number): void {
    const stage = this.stage.at[attempt];
    if (stage === Stage.Prefill) return this.source(attempt).engine.cancel(attempt);
    if (stage !== Stage.Stranded) {
      if (stage !== Stage.None) this.decodes[this.decodeOf.at[attempt]!]!.engine.cancel(attempt);
      return;
    }
    this.releaseSource(attempt);
    this.leave(attempt, () => this.listener.released(attempt, 1));
  }

  private releaseSource(attempt: number): void {
    const { engine } = this.source(attempt);
    if (engine.holdsKv!(attempt)) engine.releaseKv!(attempt);
  }

  private join(attempt: number, decode: number, stage: number): void {
    this.decodeOf.at[attempt] = decode;
    this.stage.at[attempt] = stage;
    this.decodes[decode]!.attempts++;
  }

  private part(attempt: number): void {
    const decode = this.decodeOf.at[attempt]!;
    if (decode !== NONE) this.decodes[decode]!.attempts--;
    this.decodeOf.at[attempt] = NONE;
  }

  /** The attempt is over here. */
  private leave(attempt: number, report: () => void): void {
    this.revoke(attempt);
    this.part(attempt);
    this.moving.delete(attempt);
    this.stranded.delete(attempt);
    this.stage.at[attempt] = Stage.None;
    report();
  }

  private revoke(attempt: number): void {
    if (this.ticket.at[attempt] !== NONE) this.kernel.revoke(this.ticket.at[attempt]!);
    this.ticket.at[attempt] = NONE;
  }

  private source(attempt: number): PrefillSide {
    return this.prefills[this.prefillOf.at[attempt]!]!;
  }

  private sideOf(replica: number): PrefillSide | undefined {
    return this.prefills.find((side) => side.replica === replica);
  }

  /** The decode replica that is up and has the fewest attempts, the first of equals. */
  private pick(): number {
    let best = NONE;
    for (let i = 0; i < this.decodes.length; i++) {
      const side = this.decodes[i]!;
      if (side.engine.up && (best === NONE || side.attempts < this.decodes[best]!.attempts)) best = i;
    }
    return best;
  }
}
