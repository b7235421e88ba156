import type { SampleDump, SampleWindow } from "./SampleWindow.ts";

/** The last `size` outcomes, in order of their ends. O(1); one byte each. */
export class CountWindow implements SampleWindow {
  total = 0;
  failures = 0;
  slow = 0;
  readonly #samples: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#samples = new Uint8Array(size);
  }

  add(failed: boolean, slow: boolean, _nowUs: number): void {
    if (this.total === this.#samples.length) this.#drop(this.#samples[this.#next]!);
    this.#samples[this.#next] = (failed ? 1 : 0) | (slow ? 2 : 0);
    this.#next = this.#next + 1 === this.#samples.length ? 0 : this.#next + 1;
    this.total++;
    if (failed) this.failures++;
    if (slow) this.slow++;
  }

  advance(): void {}

  clear(): void {
    this.total = this.failures = this.slow = this.#next = 0;
  }

  dump(): SampleDump {
    const size = this.#samples.length;
    return Array.from({ length: this.total }, (_, i) => {
      const sample = this.#samples[(this.#next - this.total + i + size) % size]!;
      return { ageUs: 0, total: 1, failures: sample & 1, slow: sample >> 1 };
    });
  }

  load(dump: SampleDump): void {
    for (const { failures, slow } of dump) this.add(failures > 0, slow > 0, 0);
  }

  #drop(sample: number): void {
    this.total--;
    this.failures -= sample & 1;
    this.slow -= sample >> 1;
  }
}
