// Where the fields of attempts and requests lie in their records: `attempts.ints[attempt | STATE]`, `requests.doubles[request | ID]`.
//
// Code that runs for every event keeps copies of its own (`const { STATE } = Fields;`): V8 folds a module's own constants into the code,
// but reads imported ones from memory each time.

// Both have, as integers:
export const CLASS_INDEX = 0;
export const PROMPT_TOKENS = 1;
export const OUTPUT_TOKENS = 2;
export const PREFIX_TOKENS = 3;
export const TRACE_BLOCK_TOKENS = 4;
export const REPLICA = 5;
// Attempts only:
export const REQUEST = 6;
export const COPY = 7;
export const STATE = 8;
export const PREVIOUS = 9;
export const NEXT = 10;
export const COMPUTED = 11;
export const TOTAL = 12;
export const HEAP_POSITION = 13;
export const CACHED_TOKENS = 14;
// Requests only:
export const ATTEMPT = 6;
export const TRIES = 7;
export const TURNS_LEFT = 8;
export const TURN = 9;
export const USER = 10;
export const CONTEXT_TOKENS = 11;
export const ACTIVE = 12;

// As doubles, both:
export const ARRIVAL_MS = 0;
export const STREAM_KEY = 1;
export const CONTENT_KEY = 2;
export const PREFIX_KEY = 3;
// Attempts only:
export const ADMITTED_MS = 4;
export const FIRST_TOKEN_MS = 5;
export const PREEMPTED_MS = 6;
export const ADMISSION = 7;
export const DEADLINE_MS = 8;
export const RETRY_AFTER_MS = 9;
/** When a replica took it, without what delays a prompt on its way; written where limits in flight ask. */
export const TAKEN_MS = 10;
// Requests only:
export const ID = 4;
export const NUMBER = 5;
export const RETRY = 6;
export const BACKOFF_MS = 7;
