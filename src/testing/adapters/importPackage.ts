/** An adapter's library is not installed. */
export class LibraryMissing extends Error {
  override readonly name = "LibraryMissing";
  readonly _tag = "LibraryMissing";
}

/** Loads a library that only some users have. */
export const importPackage = async <A>(name: string, load: () => Promise<A>): Promise<A> => {
  try {
    return await load();
  } catch (cause) {
    throw new LibraryMissing(`the adapter needs the package ${name}; install it with: npm install --save-dev ${name}`, { cause });
  }
};
