/** What `readMeasurements` reads, column by column with units, for the help of `spillway calibrate`. */
export const CALIBRATION_INPUTS = `What FILE may be; its first line tells. Columns stand in any order, others are ignored, nothing is quoted.

  Steps of an engine, CSV, a row per step:
    sequences        sequences that decode in the step
    kvTokens         KV tokens that they read
    prefillTokens    prompt tokens computed in the step
    context          tokens of those prompts computed before
    ms               time of the step, ms
  Means under a closed loop, CSV, a row per load:
    isl, osl         input and output tokens per request
    concurrency      requests in flight; a row without it is left out
    ttft_ms          mean time to first token, ms
    tpot_ms          mean time per output token after the first, ms
                     (silicon_ttft_ms and silicon_tpot_ms instead, where the file has them)
  Requests of a run, CSV (requests.csv of \`spillway run\` is one), a row per request:
    arrivalMs        arrival, ms from any origin
    promptTokens     tokens of the prompt
    outputTokens     tokens of the answer
    ttftMs, e2eMs    arrival to first and to last token, ms; a row without them is left out
    replica          which replica answered: needed with several, each of which is replayed on its own
    attempts         tries; a row with more than 1 is replayed as load, but not scored
    class, id        ids that count the requests of a class: gaps show that rows are missing, which is refused
  Requests of a run, JSON lines, an object per request:
    input_toks, output_toks          tokens of prompt and answer
    queued_ts (or arrival_time)      arrival, s
    first_token_ts, last_token_ts    first and last token, s, on the clock of the arrival
    replica, attempts                as above; may be absent`;
