import { showNumber } from "../../experiment/showQuantity.ts";

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Three digits and a unit of 1000. */
export const showBytes = (bytes: number): string => {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${showNumber(bytes / 1000 ** unit)} ${UNITS[unit]}`;
};
