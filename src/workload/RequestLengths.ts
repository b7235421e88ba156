import { zipf } from "../kernel/Sampler.ts";
import type { Sampler } from "../kernel/Sampler.ts";
import type { Draws, Streams } from "../kernel/Streams.ts";
import { classPath } from "./ArrivalTimes.ts";
import type { RequestDraft } from "./RequestDraft.ts";
import { drawTokens, samplerOf, toTokens } from "./SamplerOf.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/**
 * What belongs to a request of a class, drawn by counter: `id` is the number of the request (of the session, where there
 * are turns) within its class, `turn` counts from 0. Each purpose has a stream of its own, so that another distribution
 * for one leaves all other draws as they were; the draws do not depend on their order.
 *
 * Streams: "prompt", "output", "longTail", "prefix", "repeat", "turns", "think"; turn k > 0 adds "/k" to the purpose.
 * Requests of the same repeated content have the same lengths: those are drawn by the content's number.
 */
export class RequestLengths {
  declare readonly prefixTokens: number;
  declare private readonly prompts: LengthDraws;
  declare private readonly outputs: LengthDraws;
  declare private readonly longTails: TurnDraws;
  declare private readonly thinks: TurnDraws;
  declare private readonly prefixes: Draws;
  declare private readonly repeats: Draws;
  declare private readonly repeatRatio: number;
  private readonly contentRanks: Sampler | undefined;
  declare private readonly turnCounts: Draws;
  declare private readonly longTailRatio: number;
  private readonly prefixRanks: Sampler | undefined;
  private readonly turnSampler: Sampler | undefined;
  private readonly thinkSampler: Sampler | undefined;

  /** Throws RangeError for distributions that cannot be. */
  constructor(spec: TrafficClassSpec, streams: Streams) {
    const path = classPath(spec.name);
    const turns = (purpose: string): TurnDraws => new TurnDraws(streams, path, purpose);
    const prompt = samplerOf(spec.prompt);
    const output = samplerOf(spec.output);
    const { longTail, prefix, repeat, session } = spec;
    this.longTailRatio = longTail?.shareRatio ?? 0;
    this.prompts = new LengthDraws(turns("prompt"), prompt, longTail?.prompt ? samplerOf(longTail.prompt) : prompt);
    this.outputs = new LengthDraws(turns("output"), output, longTail?.output ? samplerOf(longTail.output) : output);
    this.longTails = turns("longTail");
    this.thinks = turns("think");
    this.prefixes = streams.open(path, "prefix");
    this.repeats = streams.open(path, "repeat");
    this.repeatRatio = repeat?.shareRatio ?? 0;
    this.contentRanks = repeat && zipf(repeat.contents, repeat.zipf);
    this.turnCounts = streams.open(path, "turns");
    this.prefixTokens = prefix?.tokens ?? 0;
    this.prefixRanks = prefix && zipf(prefix.count, prefix.zipf);
    this.turnSampler = session && samplerOf(session.turns);
    this.thinkSampler = session && samplerOf(session.think);
  }

  /** Whether the request is one of the long tail. */
  longTail(id: number, turn = 0): boolean {
    return this.longTailRatio > 0 && this.longTails.of(turn).unit(id, 0) < this.longTailRatio;
  }

  /** Tokens of the fresh part of the prompt, without shared prefix and earlier turns. */
  prompt(id: number, turn = 0): number {
    return this.prompts.draw(id, turn, this.longTail(id, turn));
  }

  output(id: number, turn = 0): number {
    return this.outputs.draw(id, turn, this.longTail(id, turn));
  }

  /** Number of the shared prefix from 0, the most popular first; -1 without shared prefixes. */
  prefix(id: number): number {
    return this.prefixRanks === undefined ? -1 : this.prefixRanks.sample(this.prefixes.at(id)) - 1;
  }

  /** Number of the repeated content that the request asks for, the most popular first; -1 for a request like no other. */
  content(id: number): number {
    if (this.contentRanks === undefined) return -1;
    const draws = this.repeats.at(id);
    return draws.unit() < this.repeatRatio ? this.contentRanks.sample(draws) - 1 : -1;
  }

  /** Turns of the session, at least 1; 1 without sessions. */
  turns(id: number): number {
    return this.turnSampler === undefined ? 1 : toTokens(this.turnSampler.sample(this.turnCounts.at(id)));
  }

  /** Think time in ms between turn `turn` - 1 and `turn` >= 1 of a session, at least 0; 0 without sessions. */
  thinkMs(id: number, turn: number): number {
    if (this.thinkSampler === undefined) return 0;
    return Math.max(0, this.thinkSampler.sample(this.thinks.of(turn).at(id)));
  }

  /** Fills all of the draft for the first turn of `id`. */
  fill(draft: RequestDraft, id: number): void {
    const contentId = this.content(id);
    const lengthsId = contentId < 0 ? id : idOfContent(contentId);
    draft.contentId = contentId;
    draft.prefixId = this.prefix(lengthsId);
    draft.prefixTokens = this.prefixTokens;
    draft.promptTokens = toTokens(this.prefixTokens + this.prompt(lengthsId));
    draft.outputTokens = this.output(lengthsId);
    draft.blockHashes = undefined;
    draft.blockTokens = 0;
    draft.turns = this.turns(id);
  }
}

/** Where a repeated content draws its lengths: far from the numbers of requests. */
export const idOfContent = (contentId: number): number => -1 - contentId;

/** A stream per turn, opened on first use. */
class TurnDraws {
  declare private readonly streams: Streams;
  declare private readonly path: string;
  declare private readonly purpose: string;
  private readonly opened: Array<Draws> = [];

  constructor(streams: Streams, path: string, purpose: string) {
    this.streams = streams;
    this.path = path;
    this.purpose = purpose;
  }

  of(turn: number): Draws {
    const opened = this.opened[turn];
    if (opened !== undefined) return opened;
    const purpose = turn === 0 ? this.purpose : `${this.purpose}/${turn}`;
    return (this.opened[turn] = this.streams.open(this.path, purpose));
  }
}

class LengthDraws {
  declare private readonly turns: TurnDraws;
  declare private readonly usual: Sampler;
  declare private readonly long: Sampler;

  constructor(turns: TurnDraws, usual: Sampler, long: Sampler) {
    this.turns = turns;
    this.usual = usual;
    this.long = long;
  }

  draw(id: number, turn: number, long: boolean): number {
    return drawTokens(long ? this.long : this.usual, this.turns.of(turn).at(id));
  }
}
