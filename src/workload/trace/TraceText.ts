import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { TraceFault } from "./TraceFault.ts";

/** Bytes per piece of a file. */
const PIECE_BYTES = 65_536;

/** Text of a file in pieces, plain or gzip by its first bytes, never wholly in memory. Throws TraceFault when it cannot be read. */
export async function* textOf(file: string): AsyncGenerator<string> {
  await requireFile(file);
  const bytes = createReadStream(file, { highWaterMark: PIECE_BYTES });
  try {
    yield* decode(await maybeUnzip(bytes), file);
  } catch (cause) {
    throw cause instanceof TraceFault ? cause : readFault(file, cause);
  } finally {
    bytes.destroy();
  }
}

/** Whether the path is a folder. Throws TraceFault when there is nothing. */
export const isFolder = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch((cause: unknown) => {
    throw missingFault(path, cause);
  });
  return found.isDirectory();
};

const requireFile = async (file: string): Promise<void> => {
  if (await isFolder(file)) {
    throw new TraceFault({ file, constraint: "must be a file", value: "a folder" });
  }
};

const missingFault = (file: string, cause: unknown): TraceFault => {
  const code = codeOf(cause);
  return code === "ENOENT" || code === "ENOTDIR"
    ? new TraceFault({
        file,
        constraint: "trace file must exist",
        hint: "check the path; it is taken from the folder of the scenario",
      })
    : readFault(file, cause);
};

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause ? String(cause.code) : undefined;

const readFault = (file: string, cause: unknown): TraceFault => {
  const code = codeOf(cause);
  const gzip = code?.startsWith("Z_") === true;
  return new TraceFault({
    file,
    constraint: gzip ? "gzip data must be whole and correct" : "trace file must be readable",
    value: cause instanceof Error ? cause.message : String(cause),
    ...(gzip ? { hint: "copy the file again" } : {}),
  });
};

/** The bytes themselves, or what gzip packed into them. */
const maybeUnzip = async (
  bytes: ReturnType<typeof createReadStream>,
): Promise<AsyncIterable<Uint8Array>> => {
  const pieces = bytes[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = await pieces.next();
  if (first.done === true) return emptyPieces();
  const all = prepend(first.value, pieces);
  return first.value[0] === 0x1f && first.value[1] === 0x8b ? unzip(all) : all;
};

async function* emptyPieces(): AsyncGenerator<Uint8Array> {}

async function* prepend(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* unzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const fed = feed(pieces, gunzip);
  try {
    for await (const piece of gunzip) yield piece as Uint8Array;
    await fed;
  } finally {
    gunzip.destroy();
    await fed.catch(() => undefined);
  }
}

/** Writes with back pressure; ends early when the reader has gone. */
const feed = async (
  pieces: AsyncIterable<Uint8Array>,
  gunzip: ReturnType<typeof createGunzip>,
): Promise<void> => {
  try {
    for await (const piece of pieces) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(piece)) await drained(gunzip);
    }
    gunzip.end();
  } catch (cause) {
    gunzip.destroy(cause instanceof Error ? cause : new Error(String(cause)));
  }
};

const drained = (gunzip: ReturnType<typeof createGunzip>): Promise<void> =>
  new Promise((resolve) => {
    gunzip.once("drain", resolve);
    gunzip.once("close", resolve);
  });

/** Where a tar archive has its mark. */
const TAR_MARK_AT = 257;
const TAR_MARK = "ustar";

async function* decode(pieces: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  let first = true;
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    if (first && text.startsWith(TAR_MARK, TAR_MARK_AT)) {
      throw new TraceFault({
        file,
        constraint: "must not be a tar archive",
        hint: "unpack it and give the folder",
      });
    }
    first = false;
    yield text;
  }
  yield decoder.decode();
}
