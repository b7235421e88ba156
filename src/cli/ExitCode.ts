/** Exit codes of every command, as k6 has them. */
export const ExitCode = {
  Pass: 0,
  /** No gate failed, but one could not be decided. */
  Inconclusive: 98,
  GateFailed: 99,
  /** Invalid scenario, trace or arguments. */
  Invalid: 104,
  Interrupted: 105,
  /** A defect of the simulator or of a component. */
  Internal: 107,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
