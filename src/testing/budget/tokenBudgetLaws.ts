import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { TokenBudgetAdapter, TokenBudgetSpec } from "./TokenBudgetAdapter.ts";
import { capacityOf, TokenBudgetTrial } from "./TokenBudgetTrial.ts";
import type { BudgetsWatch, Reservation } from "./TokenBudgetTrial.ts";

type BudgetOperation = Operation<TokenBudgetTrial>;

/**
 * The laws that apply to token budgets (reserve, settle, refund), each ready to be checked.
 *
 * @example
 * for (const law of tokenBudgetLaws(adapter)) test(law.title, () => law.check());
 */
export const tokenBudgetLaws = (adapter: TokenBudgetAdapter, spec: TokenBudgetSpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.filter((law) => law.applies?.(adapter) ?? true).map((law) =>
    lawOf<TokenBudgetTrial>({
      id: law.id,
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: [...usual(spec, adapter.features?.nodes ?? 1), ...(law.operations ?? [])],
      runsRatio: adapter.features?.slow === true ? 0.2 : 1,
      start: async (laboratory) =>
        new TokenBudgetTrial(await adapter.make(spec, laboratory, laboratory.uniqueKey("budgets")), spec, laboratory, law.watch),
      ...(law.quiesce === undefined ? {} : { quiesce: law.quiesce }),
      dispose: () => undefined,
    }),
  );

interface BudgetsLaw {
  readonly id: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (adapter: TokenBudgetAdapter) => boolean;
  readonly watch: BudgetsWatch;
  readonly operations?: ReadonlyArray<WeightedOperation<TokenBudgetTrial>>;
  readonly quiesce?: (trial: TokenBudgetTrial) => Promise<void>;
}

const INPUTS = [0, 1, 50, 200];
const OUTPUTS = [0, 10, 100, 1000];

const onHeld = (
  text: string,
  index: number,
  run: (trial: TokenBudgetTrial, reservation: Reservation) => Promise<void>,
): BudgetOperation => ({
  text,
  possible: (trial) => trial.held().length > 0,
  run: async (trial) => {
    const held = trial.held();
    const reservation = held[index % held.length];
    if (reservation !== undefined) await run(trial, reservation);
  },
});

const cancelOperation = fc
  .tuple(fc.nat({ max: 5 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([index, ratio]) =>
    onHeld(`cancel after ${Math.round(100 * ratio)} % of its output`, index, (trial, reservation) =>
      trial.settle(reservation, Math.floor(ratio * reservation.maxOutputTokens)),
    ),
  );

const waitOperation = fc
  .tuple(fc.constantFrom(1, 200), fc.constantFrom(10, 1000), fc.boolean())
  .map(([input, output, early]): BudgetOperation => ({
    text: `reserve ${input} + ${output}, ${early ? "come 1 ms early" : "wait as told"}, reserve`,
    possible: (trial) => !trial.over,
    run: async (trial) => {
      const waitMs = await trial.reserve(input, output);
      if (waitMs === 0 || waitMs === Infinity || trial.held().some((one) => trial.nowMs + waitMs - one.atMs >= trial.spec.leaseMs)) return;
      if (early && waitMs < 2) return;
      trial.over = true;
      await trial.laboratory.advance(early ? Math.floor(waitMs) - 1 : Math.ceil(waitMs));
      const again = await trial.reserve(input, output);
      trial.expect(
        early === again > 0,
        `told to wait ${waitMs} ms, the same call is ${early ? "refused a moment before" : "admitted then"}`,
      );
    },
  }));

const LOSSES = {
  dropReply: "the next reply is lost",
  dropRequest: "the next command is lost",
  duplicate: "the next command comes twice",
} as const;

/** Befalls the next step, which is then sent again by its attempt. */
const lossOperation = fc.constantFrom(...(Object.keys(LOSSES) as Array<keyof typeof LOSSES>)).map((fault): BudgetOperation => ({
  text: LOSSES[fault],
  possible: (trial) => trial.fault === undefined,
  run: (trial) => {
    trial.fault = fault;
  },
}));

const same = (one: ReadonlyArray<number>, other: ReadonlyArray<number>): boolean => one.join() === other.join();

const LAWS: ReadonlyArray<BudgetsLaw> = [
  {
    id: "T-1",
    kind: "S",
    title: "a reservation charges all budgets, or none",
    watch: {
      onChange: ({ kind, before, after, costs }, trial) => {
        if (kind === "refused") trial.expect(same(before, after), "refused: no budget is charged");
        if (kind === "reserved")
          trial.expect(
            same(
              after,
              before.map((level, budget) => level - costs[budget]!),
            ),
            `reserved: the budgets are charged ${costs.join(", ")}`,
          );
      },
    },
  },
  {
    id: "T-2",
    kind: "S",
    title: "a reservation ends once, and then what was used is charged",
    watch: {
      onChange: ({ kind, before, after, costs, reservation, due }, trial) => {
        if (kind !== "ended" && kind !== "ignored") return;
        trial.expect((kind === "ended") === due, due ? "it was held: its end counts" : "it had ended: a second end counts for nothing");
        const wanted = before.map((level, budget) =>
          due ? Math.min(capacityOf(trial.spec.budgets[budget]!), level + (reservation?.estimate[budget] ?? 0) - costs[budget]!) : level,
        );
        trial.expect(same(after, wanted), `then ${wanted.join(", ")} are left`);
      },
    },
  },
  {
    id: "T-3",
    kind: "S",
    title: "levels are refills less charges, up to a full bucket",
    watch: {
      onChange: ({ after }, trial) =>
        trial.expect(
          after.every((level, budget) => Math.abs(level - trial.expected[budget]!) <= 1),
          `the levels are ${trial.expected.map((level) => level.toFixed(1)).join(", ")}, rounded`,
        ),
    },
  },
  {
    id: "T-4",
    kind: "S",
    title: "debt is bounded, and admission stops until it is paid",
    watch: {
      onChange: ({ kind, before, after, costs }, trial) => {
        const fits = before.every((level, budget) => level >= costs[budget]!);
        if (kind === "reserved") trial.expect(fits, "a call is admitted when every budget has room for its estimate, and only then");
        if (kind === "refused") trial.expect(!fits, "every budget has room: the call is admitted");
        for (const [budget, level] of after.entries()) {
          const most = trial.mostHeld * trial.mostExcess[budget]!;
          trial.expect(level >= -most - 1, `at most ${trial.mostHeld} x ${trial.mostExcess[budget]} of debt; it is ${-level}`);
        }
      },
    },
  },
  {
    id: "T-5",
    kind: "V",
    title: "a holder that died keeps nothing beyond its lease",
    watch: {},
    quiesce: async (trial) => {
      const levels = await trial.levels();
      const debtMs = trial.spec.budgets.map((budget, index) => {
        if ("windowMs" in budget) return budget.windowMs;
        const missing = budget.burst - Math.min(budget.burst, levels[index]!);
        return ((missing + 1) * budget.perMs) / budget.permits;
      });
      await trial.laboratory.advance(trial.spec.leaseMs + Math.ceil(Math.max(...debtMs)));
      trial.expect((await trial.reserve(200, 1000)) === 0, "after the lease and the time to full a call is admitted");
    },
  },
  {
    id: "T-6",
    kind: "S",
    title: "who cancels after some output pays for the input and that output",
    operations: [weighted(4, cancelOperation)],
    watch: {
      onChange: ({ kind, after }, trial) => {
        if (kind === "ended")
          trial.expect(
            after.every((level, budget) => Math.abs(level - trial.expected[budget]!) <= 1),
            `input and output so far are charged: ${trial.expected.map((level) => level.toFixed(1)).join(", ")} are left`,
          );
      },
    },
  },
  {
    id: "T-7",
    kind: "V",
    title: "the time to wait is exact",
    operations: [weighted(4, waitOperation)],
    watch: {},
  },
  {
    id: "L-19",
    kind: "S",
    title: "a step counts once, however often it is sent",
    applies: (adapter) => adapter.features?.store === true,
    operations: [weighted(4, lossOperation)],
    watch: {
      onChange: ({ kind, after }, trial) =>
        trial.expect(
          after.every((level, budget) => Math.abs(level - trial.expected[budget]!) <= 1),
          `each step counts once: ${trial.expected.map((level) => level.toFixed(1)).join(", ")} are left, this was ${kind}`,
        ),
    },
  },
];

const usual = (spec: TokenBudgetSpec, nodes: number): ReadonlyArray<WeightedOperation<TokenBudgetTrial>> => {
  const node = fc.nat({ max: nodes - 1 });
  const at = (chosen: number): string => (nodes > 1 ? ` at node ${chosen}` : "");
  return [
    weighted(
      5,
      fc.tuple(fc.constantFrom(...INPUTS), fc.constantFrom(...OUTPUTS), node).map(([input, output, sender]) => ({
        text: `reserve ${input} + ${output}${at(sender)}`,
        run: async (trial: TokenBudgetTrial) => void (await trial.reserve(input, output, sender)),
      })),
    ),
    weighted(
      3,
      fc
        .tuple(fc.nat({ max: 5 }), fc.constantFrom(...OUTPUTS), node)
        .map(([index, output, sender]) =>
          onHeld(`settle with ${output} of output${at(sender)}`, index, (trial, reservation) => trial.settle(reservation, output, sender)),
        ),
    ),
    weighted(
      1,
      fc
        .tuple(fc.nat({ max: 5 }), node)
        .map(([index, sender]) => onHeld(`refund${at(sender)}`, index, (trial, reservation) => trial.refund(reservation, sender))),
    ),
    weighted(
      2,
      fc.tuple(fc.nat({ max: 5 }), fc.boolean()).map(([index, refunds]) => endAgain(index, refunds)),
    ),
    weighted(
      3,
      fc
        .constantFrom(1, 1000, 10_000, spec.leaseMs - 1, spec.leaseMs, spec.leaseMs + 1)
        .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: TokenBudgetTrial) => trial.laboratory.advance(ms) })),
    ),
  ];
};

const past = (trial: TokenBudgetTrial): ReadonlyArray<Reservation> => trial.reservations.filter((one) => !trial.held().includes(one));

const endAgain = (index: number, refunds: boolean): BudgetOperation => ({
  text: refunds ? "refund one that ended" : "settle one that ended",
  possible: (trial) => past(trial).length > 0,
  run: async (trial) => {
    const reservations = past(trial);
    const reservation = reservations[index % reservations.length];
    if (reservation === undefined) return;
    if (refunds) await trial.refund(reservation);
    else await trial.settle(reservation, 10);
  },
});
