import fc from "fast-check";
import type { Laboratory } from "./Laboratory.ts";

/** Something that a history can do, such as a call, a step of a clock, a fault. */
export interface Operation<Trial> {
  readonly text: string;
  /** Whether it means anything now; what does not is skipped, so that lists shrink to what matters. */
  readonly possible?: (trial: Trial) => boolean;
  readonly run: (trial: Trial) => Promise<void> | void;
  /** The same thing done to others; tried when the list is made shorter and the numbers no longer fit. */
  readonly alternatives?: ReadonlyArray<Operation<Trial>>;
}

/** Operations of one kind, and how often they come compared with others. */
export interface WeightedOperation<Trial> {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Operation<Trial>>;
}

/** A kind of operation with `weight` shares in the list. */
export const weighted = <Trial>(weight: number, arbitrary: fc.Arbitrary<Operation<Trial>>): WeightedOperation<Trial> => ({
  weight,
  arbitrary,
});

export interface TrialLike {
  readonly laboratory: Laboratory;
}

export class OperationCommand<Trial extends TrialLike> implements fc.AsyncCommand<Trial, Trial> {
  declare readonly operation: Operation<Trial>;

  constructor(operation: Operation<Trial>) {
    this.operation = operation;
  }

  check(trial: Readonly<Trial>): boolean {
    return this.operation.possible?.(trial as Trial) ?? true;
  }

  async run(trial: Trial): Promise<void> {
    trial.laboratory.begin(this.operation.text);
    await this.operation.run(trial);
  }

  toString(): string {
    return this.operation.text;
  }
}

/**
 * Lists of operations. fast-check cuts lists at ten elements unless told its size, and many violations need more; weights are repetitions, since
 * the command generator chooses evenly.
 */
export const histories = <Trial extends TrialLike>(
  operations: ReadonlyArray<WeightedOperation<Trial>>,
  options: { readonly maxOperations: number; readonly replayPath?: string | undefined },
): fc.Arbitrary<Iterable<fc.AsyncCommand<Trial, Trial>>> =>
  fc.commands(
    operations.flatMap(({ weight, arbitrary }) => {
      const commands: fc.Arbitrary<fc.AsyncCommand<Trial, Trial>> = arbitrary.map((operation) => new OperationCommand(operation));
      return Array.from({ length: weight }, () => commands);
    }),
    {
      maxCommands: options.maxOperations,
      size: "max",
      ...(options.replayPath === undefined ? {} : { replayPath: options.replayPath }),
    },
  );
