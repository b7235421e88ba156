import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { TraceFault } from "./TraceFault.ts";

/** Bytes per piece of a file. */
const PIECE_BYTES = 65_536;

/** Text of a file in pieces, plain or gzip by its first bytes, never wholly in memory. Throws TraceFault when it cannot be read. */
export async function* textOf(file: string): AsyncGenerator<string> {
  const pieces = await openPieces(file);
  try {
    yield* decode(pieces, file);
  } catch (cause) {
    throw cause instanceof TraceFault ? cause : readFault(file, cause);
  } finally {
    pieces.destroy();
  }
}

/** Whether the path is a folder. Throws TraceFault when there is nothing. */
export const isFolder = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch((cause: unknown) => {
    throw missingFault(path, cause);
  });
  return found.isDirectory();
};

const openPieces = async (file: string): Promise<Readable> => {
  if (await isFolder(file)) {
    throw new TraceFault({ file, constraint: "must be a file", value: "a folder" });
  }
  const packed = await isGzip(file).catch((cause: unknown) => {
    throw readFault(file, cause);
  });
  const bytes = createReadStream(file, { highWaterMark: PIECE_BYTES });
  // An error of either stream destroys both and is thrown to the reader.
  return packed ? pipeline(bytes, createGunzip({ chunkSize: PIECE_BYTES }), () => undefined) : bytes;
};

const isGzip = async (file: string): Promise<boolean> => {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(new Uint8Array(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
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

const codeOf = (cause: unknown): string | undefined => (cause instanceof Error && "code" in cause ? String(cause.code) : undefined);

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
