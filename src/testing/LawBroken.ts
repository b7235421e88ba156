/** Thrown by a check inside a history; its message says what the law expects there. */
export class LawBroken extends Error {
  override readonly name = "LawBroken";
}
