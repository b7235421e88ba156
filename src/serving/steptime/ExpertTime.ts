import type { ExpertReads } from "../ServingSpec.ts";
import { DistinctExperts } from "./DistinctExperts.ts";

/**
 * Time of reading the routed experts that the rows of a step choose, in ms; and, where data-parallel ranks differ in their rows, what that adds to
 * the time of this rank's rows in the experts and on the way, or takes off it.
 */
export class ExpertTime {
  declare private readonly distinct: DistinctExperts;
  declare private readonly perExpertMs: number;
  declare private readonly rowMs: number;
  declare private readonly exchangeRowMs: number;
  declare private readonly ranksMeet: boolean;
  /** Rows that choose on their own, for each row of the mean rank: those of all ranks, less what goes along with others. */
  declare private readonly choicesPerRow: number;
  declare private readonly choicesAtLeast: number;

  constructor(experts: ExpertReads, slowdown: number) {
    const { ranks = 1, independentRatio = 1 } = experts;
    this.distinct = distinctExperts(experts.count, experts.active);
    this.perExpertMs = experts.msPerExpert * slowdown;
    this.rowMs = (experts.rowMs ?? 0) * slowdown;
    this.exchangeRowMs = (experts.exchangeRowMs ?? 0) * slowdown;
    this.ranksMeet = ranks > 1;
    this.choicesPerRow = ranks * independentRatio;
    this.choicesAtLeast = 1 - independentRatio;
  }

  /** `rows` of this rank where the mean rank has `rankRows`. */
  of(rows: number, rankRows = rows): number {
    const met = this.ranksMeet ? rankRows : rows;
    if (met === 0) return 0;
    const readMs = this.perExpertMs * this.distinct.of(this.choicesAtLeast + this.choicesPerRow * met);
    return readMs + this.rowMs * (met - rows) + (met > rows ? this.exchangeRowMs * (met - rows) : 0);
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
