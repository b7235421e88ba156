import type { TimeGrid } from "../../kernel/TimeGrid.ts";
import type { HostSpec, StepCoefficients } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";

/**
 * Duration of one engine step on the time grid, in ms.
 *
 * Coefficients that multiply a quantity which changes inside a phase (`c`, `h`, and half of `e`) are rounded to the grid once; the rest
 * is evaluated per phase and its result is rounded. So adding k steps one by one and adding them in closed form give the same bits.
 */
export class StepTime {
  /** ms per KV token of a decoding sequence. */
  declare readonly kvMs: number;
  /** Further ms per KV token when the step also carries prefill. */
  declare readonly mixedKvMs: number;
  /** ms per unit of p * (2 * context + p). */
  declare readonly attentionMs: number;
  /** Steps are planned while the GPU computes: a step takes the longer of host and GPU. */
  declare readonly overlapped: boolean;
  declare private readonly grid: TimeGrid;
  declare private readonly form: StepForm;
  declare private readonly hostPerStepMs: number;
  declare private readonly hostPerSequenceMs: number;

  /** `slowdown` multiplies every coefficient; 1 is nominal speed. */
  constructor(coefficients: StepCoefficients, grid: TimeGrid, slowdown = 1, host: HostSpec = NO_HOST) {
    this.grid = grid;
    this.overlapped = host.mode === "overlapped";
    this.hostPerStepMs = host.perStepMs * slowdown;
    this.hostPerSequenceMs = host.perSequenceMs * slowdown;
    this.form = new StepForm(this.overlapped ? coefficients : withHost(coefficients, host), slowdown);
    this.kvMs = grid.round(this.form.kvMs);
    this.mixedKvMs = grid.round(this.form.mixedKvMs);
    this.attentionMs = grid.round(this.form.attentionMs);
  }

  /** The part that does not change inside a phase, on the grid and never zero: a step takes time. */
  constantMs(sequences: number, prefillTokens: number, rankRows = sequences + prefillTokens): number {
    const ms = this.grid.round(this.form.constantMs(sequences, prefillTokens, sequences, rankRows));
    return ms > 0 ? ms : this.grid.spacingMs;
  }

  /**
   * One step: `sequences` decode over `kvTokens`, and chunks of `prefillTokens` in all share the step, with
   * `attention` = sum over chunks of p * (2 * context + p). `rankRows` are those of the mean data-parallel rank, this one's by default.
   */
  stepMs(sequences: number, kvTokens: number, prefillTokens: number, attention: number, rankRows?: number): number {
    const ms = this.unoverlappedMs(sequences, kvTokens, prefillTokens, attention, rankRows);
    return this.overlapped ? Math.max(ms, this.hostMs(sequences)) : ms;
  }

  /** Work on the CPU in a step. */
  hostMs(sequences: number): number {
    return this.grid.round(this.hostPerStepMs + this.hostPerSequenceMs * sequences);
  }

  /** The step without the host work that goes on beside it. */
  unoverlappedMs(sequences: number, kvTokens: number, prefillTokens: number, attention: number, rankRows?: number): number {
    const kvMs = prefillTokens > 0 ? this.kvMs + this.mixedKvMs : this.kvMs;
    return this.constantMs(sequences, prefillTokens, rankRows) + kvMs * kvTokens + this.attentionMs * attention;
  }
}

const NO_HOST: HostSpec = { perStepMs: 0, perSequenceMs: 0, mode: "serial" };

const withHost = (coefficients: StepCoefficients, host: HostSpec): StepCoefficients => ({
  ...coefficients,
  a: coefficients.a + host.perStepMs,
  b: coefficients.b + host.perSequenceMs,
});
