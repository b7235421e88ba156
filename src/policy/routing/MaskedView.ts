import type { FleetView } from "./Router.ts";

/** A view of a fleet in which some replicas are hidden; shares every other column with the fleet it was taken from. */
export class MaskedView implements FleetView {
  count = 0;
  outstanding = new Int32Array(0);
  available = new Uint8Array(0);
  weight = new Int32Array(0);
  backup = new Uint8Array(0);

  /** Starts over from the fleet as it is: nobody is hidden. */
  copy(fleet: FleetView): void {
    if (this.available.length < fleet.count) this.available = new Uint8Array(fleet.count);
    for (let replica = 0; replica < fleet.count; replica++) this.available[replica] = fleet.available[replica]!;
    this.count = fleet.count;
    this.outstanding = fleet.outstanding as Int32Array<ArrayBuffer>;
    this.weight = fleet.weight as Int32Array<ArrayBuffer>;
    this.backup = fleet.backup as Uint8Array<ArrayBuffer>;
  }
}
