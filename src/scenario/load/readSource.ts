import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { readJson } from "./readJson.ts";
import { readModule } from "./readModule.ts";
import { readYaml } from "./readYaml.ts";
import type { Source } from "./Source.ts";
import { Unreadable } from "./Source.ts";

type Read = (file: string, text: string) => Promise<Source | Unreadable>;

const fromText =
  (parse: typeof readYaml): Read =>
  async (file, text) => {
    const parsed = parse(text);
    return parsed instanceof Unreadable ? parsed : { file, authored: parsed.value, locate: parsed.locate, components: {} };
  };

const READERS: { readonly [extension: string]: Read } = {
  ".yaml": fromText(readYaml),
  ".yml": fromText(readYaml),
  ".json": fromText(readJson),
  ".ts": readModule,
  ".mts": readModule,
  ".js": readModule,
  ".mjs": readModule,
};

const WHY_NOT_READ: { readonly [code: string]: string } = {
  ENOENT: "no such file",
  EISDIR: "is a folder, not a scenario file",
  EACCES: "may not be read",
};

/** Reads a scenario file of any format. Never rejects. */
export const readSource = async (file: string): Promise<Source | Unreadable> => {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code = "", message } = error as { readonly code?: string; readonly message: string };
    return new Unreadable({ constraint: WHY_NOT_READ[code] ?? message });
  }
  const read = READERS[extname(file).toLowerCase()];
  if (read === undefined) {
    return new Unreadable({
      constraint: "must end in .ts, .mts, .js, .mjs, .yaml, .yml or .json",
      value: extname(file),
    });
  }
  if (text.trim() === "")
    return new Unreadable({
      constraint: "is empty",
      hint: "a scenario needs name, horizon, traffic and fleet",
    });
  return read(file, text);
};
