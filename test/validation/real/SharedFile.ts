import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FOLDER = new URL("../../../../shared/data/", import.meta.url);

export const sharedPath = (name: string): string => fileURLToPath(new URL(name, FOLDER));

export const isShared = (name: string): boolean => existsSync(sharedPath(name));

/** Text of a data file, unpacked where its name ends in .gz. */
export const sharedText = (name: string): string => {
  const bytes = readFileSync(sharedPath(name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
};

/** Rows of a CSV file without quotes, by the names in its header. */
export const sharedRows = (name: string): ReadonlyArray<{ readonly [column: string]: string }> => {
  const [header, ...lines] = sharedText(name)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const columns = header!.split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? ""]));
  });
};
