import type { TraceFormat } from "../TrafficSpec.ts";
import { AzureParser, BurstGptParser } from "./CsvFormats.ts";
import { MooncakeParser, ShareGptParser, SpillwayParser, VllmRequestsParser } from "./JsonFormats.ts";
import { ArraySplitter, LineSplitter } from "./RecordSplitter.ts";
import type { RecordSplitter } from "./RecordSplitter.ts";
import { TraceFault } from "./TraceFault.ts";
import type { RowParser } from "./TraceRow.ts";

/** Formats that are one file. */
export type FileFormat = Exclude<TraceFormat, "servegen">;

/** How to read a file. */
export interface FileReading {
  readonly splitter: RecordSplitter;
  readonly parser: RowParser;
}

/** Chooses splitter and parser by the wanted format, or by the head of the file (its first line, or its first 64 Ki characters). Throws TraceFault for a format that is not known. */
export const readingOf = (options: {
  readonly file: string;
  readonly head: string;
  readonly format: FileFormat | undefined;
  readonly className: string;
}): FileReading => {
  const head = options.head.trimStart();
  const format = options.format ?? recognize(head);
  if (format === undefined) throw unknownFormat(options.file, head);
  const splitter = head.startsWith("[") && format === "sharegpt" ? new ArraySplitter() : new LineSplitter();
  return { splitter, parser: parserOf(format, head, options.className) };
};

/** The format of a file by its first line; undefined when none fits. */
export const recognize = (head: string): FileFormat | undefined => {
  const start = head.trimStart();
  if (start.startsWith("[")) return "sharegpt";
  const line = start.split("\n", 1)[0]!;
  const has = (...keys: ReadonlyArray<string>): boolean => keys.every((key) => line.includes(key));
  if (!line.startsWith("{")) {
    if (has("ContextTokens", "GeneratedTokens")) return "azure";
    return has("Request tokens", "Response tokens") ? "burstgpt" : undefined;
  }
  // Bailian traces have the keys of Mooncake, but stamps in seconds and blocks of 16 tokens.
  if (has('"input_length"', '"timestamp"') && !has('"chat_id"')) return "mooncake";
  if (has('"atMs"')) return "spillway";
  return has('"input_toks"') || has('"conversations"') ? "sharegpt" : undefined;
};

const parserOf = (format: FileFormat, head: string, className: string): RowParser => {
  switch (format) {
    case "azure":
      return new AzureParser();
    case "burstgpt":
      return new BurstGptParser();
    case "mooncake":
      return new MooncakeParser();
    case "spillway":
      return new SpillwayParser(className);
    case "sharegpt":
      return head.startsWith("{") && head.split("\n", 1)[0]!.includes('"input_toks"') ? new VllmRequestsParser() : new ShareGptParser();
  }
};

const unknownFormat = (file: string, head: string): TraceFault =>
  new TraceFault({
    file,
    line: 1,
    constraint: "format must be one of azure, burstgpt, mooncake, servegen (a folder), sharegpt, spillway",
    value: head.split("\n", 1)[0]!.trim(),
    hint: "set trace.format, or give the file the header of its format",
  });
