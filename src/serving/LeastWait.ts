/** Nobody looks again earlier than this, so that rounding never makes them look forever in one instant. */
export const LEAST_WAIT_MS = 0.001;
