import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Effect } from "effect";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ReportFolderUnwritable, writeReports } from "../../src/report/ReportFolder.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "spillway-report-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("writeReports: a folder that is not there -> made, files whole, paths in order, nothing else left", async () => {
  const folder = join(root, "reports", "busy");
  const paths = await Effect.runPromise(writeReports(folder, { "summary.json": "{}\n", "timeline.csv": "atMs\n" }));
  expect(paths).toEqual([join(folder, "summary.json"), join(folder, "timeline.csv")]);
  expect(readdirSync(folder).toSorted()).toEqual(["summary.json", "timeline.csv"]);
  expect(readFileSync(paths[1]!, "utf8")).toBe("atMs\n");
});

test("writeReports: a second time -> new text, other files stay", async () => {
  writeFileSync(join(root, "notes.md"), "mine");
  await Effect.runPromise(writeReports(root, { "summary.json": "long old text" }));
  await Effect.runPromise(writeReports(root, { "summary.json": "new" }));
  expect(readFileSync(join(root, "summary.json"), "utf8")).toBe("new");
  expect(readFileSync(join(root, "notes.md"), "utf8")).toBe("mine");
});

test("writeReports: a file where the folder should be -> tagged error with path, reason and hint", async () => {
  writeFileSync(join(root, "taken"), "");
  const error = await Effect.runPromise(Effect.flip(writeReports(join(root, "taken", "busy"), { "summary.json": "{}" })));
  expect(error).toBeInstanceOf(ReportFolderUnwritable);
  expect(error._tag).toBe("ReportFolderUnwritable");
  expect(error.message).toBe(
    `cannot write ${join(root, "taken", "busy")}: a part of the path is a file; choose another folder with --out DIR`,
  );
});

test("writeReports: a folder in the way of a file -> tagged error, no partial file left", async () => {
  await Effect.runPromise(writeReports(join(root, "summary.json"), { inner: "" }));
  const error = await Effect.runPromise(Effect.flip(writeReports(root, { "summary.json": "{}" })));
  expect(error.message).toContain("a folder of this name is in the way");
  expect(readdirSync(root)).toEqual(["summary.json"]);
});

test.each(["../escape.json", "a/b.json", "", ".."])("writeReports: the name %j -> tagged error, nothing written", async (name) => {
  const error = await Effect.runPromise(Effect.flip(writeReports(join(root, "in"), { [name]: "x" })));
  expect(error.reason).toBe("not a plain file name");
  expect(readdirSync(root)).toEqual(["in"]);
});
