import type { FleetView } from "./Router.ts";

/** The value of `FleetView.backup` for those who are asked first, and for those who are asked when no primary is available. */
export const PRIMARY = 0;
export const BACKUP = 1;

/** Whether this replica may be chosen in this tier. */
export function eligible(fleet: FleetView, replica: number, tier: number): boolean {
  return fleet.available[replica] === 1 && fleet.backup[replica] === tier;
}
