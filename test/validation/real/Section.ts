/** One comparison of a section: what was published or measured, and what we simulate. */
export interface Comparison {
  /** With its unit, such as "TTFT mean, s". */
  readonly quantity: string;
  readonly reference: number | string;
  readonly simulated: number | string;
  /** Relative error in percent, or whatever `errorUnit` says; undefined where nothing is compared. */
  readonly error?: number;
  /** "%" unless told. */
  readonly errorUnit?: string;
  /** Largest absolute error allowed, in the same unit; undefined for orientation only. */
  readonly target?: number;
}

export interface ComparisonTable {
  readonly title: string;
  /** Heading of the reference column: "measured", "published". */
  readonly reference: string;
  /** "simulated" unless told. */
  readonly ours?: string;
  readonly rows: ReadonlyArray<Comparison>;
}

/** What a section found. */
export interface Findings {
  readonly method: ReadonlyArray<string>;
  readonly tables: ReadonlyArray<ComparisonTable>;
  /** What falls short, and why. */
  readonly remarks: ReadonlyArray<string>;
}

/** One part of the proof against real data. */
export interface Section {
  /** As given to `--only`. */
  readonly name: string;
  readonly title: string;
  /** Files under ../shared/data without which it is skipped; empty for none. */
  readonly needs: ReadonlyArray<string>;
  readonly run: () => Findings | Promise<Findings>;
}

/** A row whose error is relative to the reference, in percent. */
export const relative = (quantity: string, reference: number, simulated: number, target?: number): Comparison => ({
  quantity,
  reference,
  simulated,
  error: 100 * (simulated / reference - 1),
  ...(target === undefined ? {} : { target }),
});

/** A row of an error alone, which must stay below a bound. */
export const bounded = (quantity: string, error: number, target?: number, errorUnit = "%"): Comparison => ({
  quantity,
  reference: "",
  simulated: "",
  error,
  errorUnit,
  ...(target === undefined ? {} : { target }),
});

export const verdictOf = ({ error, target }: Comparison): "" | "pass" | "FAIL" => {
  if (target === undefined || error === undefined) return "";
  return Math.abs(error) <= target ? "pass" : "FAIL";
};
