import { readFileSync } from "node:fs";

const WHY_NOT_READ: { readonly [code: string]: string } = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "is a folder",
  EACCES: "may not be read",
};

/** The text of a file that a command was given, or why there is none; `wanted` says which file the command takes, as "a CSV of steps". */
export const readInput = (file: string, wanted: string): string | { readonly message: string } => {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "", message } = cause as { readonly code?: string; readonly message: string };
    return { message: `${file}: ${WHY_NOT_READ[code] ?? message}: give the path of ${wanted}` };
  }
};
