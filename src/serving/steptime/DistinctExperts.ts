/** Below this share of unread experts all count as read. */
const ALL_READ_RATIO = 1e-9;

/**
 * Expected number of distinct experts that `rows` rows choose, each `active` of `count` at random: count * (1 - ((count - active) / count)^rows);
 * between whole numbers of rows, linear.
 */
export class DistinctExperts {
  /** By rows; beyond its end all experts are read. Built by multiplication: powers may differ between machines in the last bit. */
  declare private readonly byRows: Float64Array;
  declare private readonly count: number;

  constructor(count: number, active: number) {
    this.count = count;
    const unreadRatio = Math.max(0, (count - active) / count);
    const distinct: Array<number> = [];
    for (let unread = 1; unread > ALL_READ_RATIO; unread *= unreadRatio) distinct.push(count * (1 - unread));
    this.byRows = Float64Array.from(distinct);
  }

  of(rows: number): number {
    const below = Math.floor(rows);
    if (below >= this.byRows.length) return this.count;
    const low = this.byRows[below]!;
    const share = rows - below;
    return share === 0 ? low : low + share * ((below + 1 < this.byRows.length ? this.byRows[below + 1]! : this.count) - low);
  }
}
