import fc from "fast-check";
import { counterexampleText } from "./counterexampleText.ts";
import { Laboratory } from "./Laboratory.ts";
import type { LaboratoryOptions, TimelineEntry } from "./Laboratory.ts";
import { LawBroken } from "./LawBroken.ts";
import type { LawReport } from "./LawReport.ts";
import { histories, OperationCommand } from "./Operation.ts";
import type { Operation, TrialLike, WeightedOperation } from "./Operation.ts";
import { shortened } from "./shortened.ts";

/** S: checked after every step. V: something must happen within a stated time. */
export type LawKind = "S" | "V";

export interface CheckOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Histories (default 1000). */
  readonly runs?: number;
  /** Longest history, in operations (default 40). */
  readonly maxOperations?: number;
  /** Where a counterexample was found; with it exactly that history runs. */
  readonly path?: string | undefined;
  readonly replayPath?: string | undefined;
}

/** One property of one component, ready to be checked. */
export interface Law {
  /** As in the list of laws: L-1, B-4. */
  readonly id: string;
  /** Tells apart properties under one number. */
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  /** Set when the component is declared not to keep the law; then `law` is the declared, weaker form. */
  readonly declared?: string;
  /** The law in full, where the declared form is weaker. */
  readonly full?: Law;
  readonly target: string;
  /** Throws an error with the shrunk counterexample when the law is broken. For tests. */
  readonly check: (options?: CheckOptions) => Promise<void>;
  readonly report: (options?: CheckOptions) => Promise<LawReport>;
}

/** How a law is tried out. */
export interface LawSetup<Trial extends TrialLike> {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly declared?: string;
  readonly full?: Law;
  readonly target: string;
  readonly laboratory: LaboratoryOptions;
  readonly operations: ReadonlyArray<WeightedOperation<Trial>>;
  readonly start: (laboratory: Laboratory) => Trial | Promise<Trial>;
  /** Judged when the operations are over: faults end, and progress is demanded. */
  readonly quiesce?: (trial: Trial) => Promise<void> | void;
  readonly dispose: (trial: Trial) => Promise<void> | void;
  /** Fewer histories where each is dear. */
  readonly runsRatio?: number;
  readonly maxOperations?: number;
}

/** Makes a law out of its operations and its trial. */
export const lawOf = <Trial extends TrialLike>(setup: LawSetup<Trial>): Law => {
  const report = (options: CheckOptions = {}): Promise<LawReport> => checkHistories(setup, options);
  return {
    id: setup.id,
    ...(setup.part === undefined ? {} : { part: setup.part }),
    kind: setup.kind,
    title: `${setup.id}${setup.part === undefined ? "" : ` (${setup.part})`} ${setup.title}`,
    ...(setup.declared === undefined ? {} : { declared: setup.declared }),
    ...(setup.full === undefined ? {} : { full: setup.full }),
    target: setup.target,
    report,
    check: (options) => checked(report(options), new LawBroken()),
  };
};

/** Throws where the law was asked for, not in here: the stack of `broken` shows the caller's line. */
const checked = async (report: Promise<LawReport>, broken: LawBroken): Promise<void> => {
  const found = await report;
  if (found.counterexample === undefined) return;
  broken.message = counterexampleText(found);
  broken.stack = `${broken.name}: ${broken.message}\n${outside(broken.stack ?? "")}`;
  throw broken;
};

/** The lines of a stack that lie outside of this file. */
const outside = (stack: string): string =>
  stack
    .split("\n")
    .filter((line) => line.trimStart().startsWith("at ") && !line.includes(new URL(import.meta.url).pathname))
    .join("\n");

interface Failure {
  readonly timeline: ReadonlyArray<TimelineEntry>;
  readonly expected: string;
}

let serial = 0;

/** Virtual time replaces globals of the process, so histories never overlap. */
let turn: Promise<unknown> = Promise.resolve();

const alone = <A>(body: () => Promise<A>): Promise<A> => {
  const mine = turn.then(body, body);
  turn = mine.catch(() => undefined);
  return mine;
};

/** A rejection that nobody awaits is something a component did in this history: it goes to its timeline and does not end the process. */
const takeOverRejections = (laboratory: Laboratory): { readonly giveBack: () => void } => {
  const others = process.listeners("unhandledRejection");
  const note = (reason: unknown): void =>
    laboratory.note(`unhandled rejection: ${reason instanceof Error ? reason.message : String(reason)}`);
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  return {
    giveBack: () => {
      process.off("unhandledRejection", note);
      for (const other of others) process.on("unhandledRejection", other);
    },
  };
};

const runHistory = <Trial extends TrialLike>(
  setup: LawSetup<Trial>,
  commands: Iterable<fc.AsyncCommand<Trial, Trial>>,
): Promise<Failure | undefined> =>
  alone(async () => {
    const laboratory = new Laboratory(setup.laboratory, ++serial);
    laboratory.time.install();
    const listening = takeOverRejections(laboratory);
    let trial: Trial | undefined;
    try {
      trial = await setup.start(laboratory);
      const started = trial;
      await fc.asyncModelRun(() => ({ model: started, real: started }), commands);
      if (setup.quiesce !== undefined) {
        laboratory.begin("quiesce");
        await setup.quiesce(trial);
      }
      return undefined;
    } catch (error) {
      if (error instanceof LawBroken) return { timeline: laboratory.timeline, expected: error.message };
      throw error;
    } finally {
      if (trial !== undefined) await setup.dispose(trial);
      await laboratory.drain();
      laboratory.time.uninstall();
      listening.giveBack();
    }
  });

const checkHistories = async <Trial extends TrialLike>(setup: LawSetup<Trial>, options: CheckOptions): Promise<LawReport> => {
  const seed = options.seed ?? 1;
  const numRuns = Math.max(1, Math.round((options.runs ?? 1000) * (setup.runsRatio ?? 1)));
  const maxOperations = Math.min(options.maxOperations ?? 40, setup.maxOperations ?? Number.POSITIVE_INFINITY);
  let firstFailureAt = 0;
  let tried = 0;
  const property = fc.asyncProperty(histories(setup.operations, { maxOperations, replayPath: options.replayPath }), async (commands) => {
    tried++;
    const failure = await runHistory(setup, commands);
    if (failure === undefined) return;
    if (firstFailureAt === 0) firstFailureAt = tried;
    throw new LawBroken(failure.expected);
  });
  const details = await fc.check(property, { seed, numRuns, ...(options.path === undefined ? {} : { path: options.path }) });
  const head = { law: setup.id + (setup.part === undefined ? "" : ` ${setup.part}`), title: setup.title, target: setup.target };
  if (!details.failed) return { ...head, runs: details.numRuns };
  if (details.counterexample === null || !(details.errorInstance instanceof LawBroken))
    throw details.errorInstance instanceof Error ? details.errorInstance : new Error(`${setup.target}: ${String(details.errorInstance)}`);
  const commands = details.counterexample[0];
  const operations = await shortened(operationsOf<Trial>(commands), (fewer) => runHistory(setup, commandsOf(fewer)).then(Boolean));
  const failure = await repeated(setup, operations);
  return {
    ...head,
    runs: firstFailureAt,
    counterexample: {
      ...failure,
      operations: failure.timeline.filter((entry) => entry.operation !== "quiesce").length,
      seed: details.seed,
      path: details.counterexamplePath ?? "",
      replayPath: /replayPath="([^"]*)"/.exec(String(commands))?.[1] ?? "",
      run: firstFailureAt,
      shrinks: details.numShrinks,
    },
  };
};

/** Runs the shrunk history twice more: a history that does not repeat proves nothing. */
const repeated = async <Trial extends TrialLike>(setup: LawSetup<Trial>, operations: ReadonlyArray<Operation<Trial>>): Promise<Failure> => {
  const first = await runHistory(setup, commandsOf(operations));
  const second = await runHistory(setup, commandsOf(operations));
  if (first === undefined || JSON.stringify(first) !== JSON.stringify(second))
    throw new Error(
      `${setup.target}: ${setup.id} failed, but the same history gave another log the second time; the component or its adapter depends on something outside the history`,
    );
  return first;
};

const operationsOf = <Trial extends TrialLike>(commands: Iterable<unknown>): ReadonlyArray<Operation<Trial>> =>
  [...commands].map((command) => (command as unknown as { readonly cmd: OperationCommand<Trial> }).cmd.operation);

const commandsOf = <Trial extends TrialLike>(operations: ReadonlyArray<Operation<Trial>>): ReadonlyArray<OperationCommand<Trial>> =>
  operations.map((operation) => new OperationCommand(operation));
