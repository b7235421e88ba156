import type { Requests } from "../Requests.ts";

const NONE = -1;

/** A request slot that stands in for another one in what outlives it: same draws, no outcome of its own. Give it back. */
export const standInOf = (requests: Requests, original: number): number => {
  const standIn = requests.take();
  requests.active.at[standIn] = 0;
  requests.attempt.at[standIn] = NONE;
  requests.retry.at[standIn] = NONE;
  requests.classIndex.at[standIn] = requests.classIndex.at[original]!;
  requests.number.at[standIn] = requests.number.at[original]!;
  requests.tries.at[standIn] = requests.tries.at[original]!;
  requests.turn.at[standIn] = requests.turn.at[original]!;
  requests.turnsLeft.at[standIn] = requests.turnsLeft.at[original]!;
  requests.user.at[standIn] = requests.user.at[original]!;
  return standIn;
};
