import type { ConfidenceInterval } from "../../src/queueing/ConfidenceInterval.ts";
import { confidenceInterval } from "../../src/queueing/ConfidenceInterval.ts";
import type { Quantity } from "./Case.ts";

/** One line of the table. */
export interface Row {
  readonly model: string;
  readonly at: string;
  readonly quantity: string;
  readonly closedForm: number;
  readonly allowance: number;
  readonly simulated: number;
  readonly low: number;
  readonly high: number;
  readonly replications: number;
  readonly level: number;
  readonly verdict: "pass" | "FAIL";
}

export interface Judged {
  readonly model: string;
  readonly at: string;
  readonly quantity: Quantity;
  /** One value per independent replication. */
  readonly values: ReadonlyArray<number>;
  /** Coverage of the interval, 0..1. */
  readonly level: number;
}

/** Passes when the interval, widened by what the closed form itself errs, holds the closed form. */
export const judge = ({ model, at, quantity, values, level }: Judged): Row => {
  const interval = confidenceInterval(values, level);
  const allowance = quantity.allowance ?? 0;
  return {
    model,
    at,
    quantity: quantity.name,
    closedForm: quantity.closedForm,
    allowance,
    simulated: interval.mean,
    low: interval.low,
    high: interval.high,
    replications: values.length,
    level,
    verdict: holds(interval, quantity.closedForm, allowance) ? "pass" : "FAIL",
  };
};

const holds = (interval: ConfidenceInterval, closedForm: number, allowance: number): boolean =>
  closedForm >= interval.low - allowance && closedForm <= interval.high + allowance;
