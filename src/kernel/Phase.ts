/**
 * The order of simultaneous events, lowest first. `as const`: pass one of the values as the phase of an event.
 *
 * | phase    | what                                          | why here                                             |
 * |----------|-----------------------------------------------|------------------------------------------------------|
 * | Fault    | faults and changes of the configuration       | what happens at this instant happens in the new world |
 * | Arrival  | arrivals, retries                             | a request that arrives at a boundary is admitted by it |
 * | Boundary | step boundaries, completions                  | a completion beats a time-out at the same instant    |
 * | Timeout  | deadlines, client cancellations               | they act only on what is really late                 |
 * | Control  | health checks, autoscalers, samplers          | they see the instant after everything has happened   |
 */
export const Phase = { Fault: 0, Arrival: 1, Boundary: 2, Timeout: 3, Control: 4 } as const;
