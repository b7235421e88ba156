import type { ExpertReads } from "../ServingSpec.ts";
import { DistinctExperts } from "./DistinctExperts.ts";

/** Time of reading the routed experts that the rows of a step choose, in ms. */
export class ExpertTime {
  declare private readonly distinct: DistinctExperts;
  declare private readonly perExpertMs: number;
  /** Rows that choose on their own, for each row of the step: those of all ranks, less what goes along with others. */
  declare private readonly choicesPerRow: number;
  declare private readonly choicesAtLeast: number;

  constructor(experts: ExpertReads, slowdown: number) {
    const { ranks = 1, independentRatio = 1 } = experts;
    this.distinct = distinctExperts(experts.count, experts.active);
    this.perExpertMs = experts.msPerExpert * slowdown;
    this.choicesPerRow = ranks * independentRatio;
    this.choicesAtLeast = 1 - independentRatio;
  }

  of(rows: number): number {
    if (rows === 0) return 0;
    return this.perExpertMs * this.distinct.of(this.choicesAtLeast + this.choicesPerRow * rows);
  }
}

/** Tables by count and active, one for each kind of mixture that a process meets: a fit asks for the same one many thousand times. */
const TABLES = new Map<string, DistinctExperts>();

const distinctExperts = (count: number, active: number): DistinctExperts => {
  const key = `${count}/${active}`;
  const known = TABLES.get(key);
  if (known !== undefined) return known;
  const table = new DistinctExperts(count, active);
  TABLES.set(key, table);
  return table;
};
