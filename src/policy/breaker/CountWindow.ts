import type { SampleDump, SampleWindow } from "./SampleWindow.ts";

/** The last `size` judgments. O(1); one byte each. */
export class CountWindow implements SampleWindow {
  total = 0;
  bad = 0;
  readonly #samples: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#samples = new Uint8Array(size);
  }

  add(bad: boolean, _nowUs: number): void {
    if (this.total === this.#samples.length) this.#drop(this.#samples[this.#next]!);
    this.#samples[this.#next] = bad ? 1 : 0;
    this.#next = this.#next + 1 === this.#samples.length ? 0 : this.#next + 1;
    this.total++;
    if (bad) this.bad++;
  }

  advance(): void {}

  clear(): void {
    this.total = this.bad = this.#next = 0;
  }

  dump(): SampleDump {
    const size = this.#samples.length;
    return Array.from({ length: this.total }, (_, i) => ({
      ageUs: 0,
      total: 1,
      bad: this.#samples[(this.#next - this.total + i + size) % size]!,
    }));
  }

  load(dump: SampleDump): void {
    for (const { bad } of dump) this.add(bad > 0, 0);
  }

  #drop(sample: number): void {
    this.total--;
    this.bad -= sample;
  }
}
