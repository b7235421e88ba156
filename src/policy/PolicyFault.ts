/** An argument of a call that a policy cannot work with; thrown before the call changes anything. */
export class PolicyFault extends RangeError {
  override readonly name = "PolicyFault";
  /** Dotted, from the policy's name: "tokenBucket.cost". */
  declare readonly argument: string;
  /** Completes "must be": "a whole number > 0". */
  declare readonly constraint: string;
  declare readonly value: unknown;

  constructor(argument: string, constraint: string, value: unknown) {
    super(`${argument}: must be ${constraint} (got ${String(value)})`);
    this.argument = argument;
    this.constraint = constraint;
    this.value = value;
  }
}
