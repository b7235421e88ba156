import type { Operation } from "./Operation.ts";

/** Histories that shortening may try; a bound for components that answer slowly. */
const MOST_TRIES = 3000;

/**
 * A shorter list that still breaks the law: leaves out one operation, or two at a time, and where that shifts which call is meant, tries the other
 * calls. fast-check's own shrinking leaves pairs such as a call and its outcome that only go together.
 */
export const shortened = async <Trial>(
  operations: ReadonlyArray<Operation<Trial>>,
  breaks: (operations: ReadonlyArray<Operation<Trial>>) => Promise<boolean>,
): Promise<ReadonlyArray<Operation<Trial>>> => {
  let tries = 0;
  let shortest = operations;
  for (;;) {
    let found: ReadonlyArray<Operation<Trial>> | undefined;
    for (const candidate of candidates(shortest)) {
      if (++tries > MOST_TRIES) return shortest;
      if (await breaks(candidate)) {
        found = candidate;
        break;
      }
    }
    if (found === undefined) return shortest;
    shortest = found;
  }
};

function* candidates<Trial>(operations: ReadonlyArray<Operation<Trial>>): Generator<ReadonlyArray<Operation<Trial>>> {
  const fewer = [...withoutOne(operations), ...withoutTwo(operations)];
  yield* fewer;
  for (const list of fewer) yield* variants(list);
}

function* withoutOne<Trial>(operations: ReadonlyArray<Operation<Trial>>): Generator<ReadonlyArray<Operation<Trial>>> {
  for (let out = 0; out < operations.length; out++) yield operations.toSpliced(out, 1);
}

function* withoutTwo<Trial>(operations: ReadonlyArray<Operation<Trial>>): Generator<ReadonlyArray<Operation<Trial>>> {
  for (let first = 0; first < operations.length; first++)
    for (let second = first + 1; second < operations.length; second++) yield operations.toSpliced(second, 1).toSpliced(first, 1);
}

function* variants<Trial>(operations: ReadonlyArray<Operation<Trial>>): Generator<ReadonlyArray<Operation<Trial>>> {
  for (const [index, operation] of operations.entries())
    for (const alternative of operation.alternatives ?? []) yield operations.with(index, alternative);
}
