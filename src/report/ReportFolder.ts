import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Effect, Schema } from "effect";

/** The folder of a report, or a file in it, cannot be written. */
export class ReportFolderUnwritable extends Schema.TaggedError<ReportFolderUnwritable>()("ReportFolderUnwritable", {
  path: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `cannot write ${this.path}: ${this.reason}; choose another folder with --out DIR`;
  }
}

/** Writes files (name to text) into a folder, which is made where it is missing, and gives back their paths in the same order. Each file appears whole or not at all; other files in the folder stay. Names are plain: no folders in them. */
export const writeReports = (
  folder: string,
  files: { readonly [name: string]: string },
): Effect.Effect<ReadonlyArray<string>, ReportFolderUnwritable> =>
  Effect.gen(function* () {
    yield* attempt(folder, () => mkdir(folder, { recursive: true }));
    return yield* Effect.forEach(Object.entries(files), ([name, text]) => writeWhole(folder, name, text));
  });

const writeWhole = (folder: string, name: string, text: string): Effect.Effect<string, ReportFolderUnwritable> => {
  const path = join(folder, name);
  if (name !== basename(name) || name === "" || name === "." || name === "..")
    return Effect.fail(new ReportFolderUnwritable({ path, reason: "not a plain file name" }));
  const partial = `${path}.partial`;
  return attempt(path, () => writeFile(partial, text)).pipe(
    Effect.andThen(attempt(path, () => rename(partial, path))),
    Effect.onError(() => Effect.ignore(attempt(partial, () => rm(partial, { force: true })))),
    Effect.as(path),
  );
};

const attempt = (path: string, write: () => Promise<unknown>): Effect.Effect<void, ReportFolderUnwritable> =>
  Effect.asVoid(
    Effect.tryPromise({
      try: write,
      catch: (error) => new ReportFolderUnwritable({ path, reason: inWords(error) }),
    }),
  );

const REASONS: { readonly [code: string]: string } = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a file of this name is in the way",
  EISDIR: "a folder of this name is in the way",
};

const inWords = (error: unknown): string => {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code === undefined ? String(error) : (REASONS[code] ?? code);
};
