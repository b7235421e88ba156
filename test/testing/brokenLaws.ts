import type { Law } from "../../src/testing/Law.ts";

/** The laws of which a counterexample is found, by name. */
export const brokenLaws = async (laws: ReadonlyArray<Law>, runs = 200): Promise<ReadonlyArray<string>> => {
  const reports = await Promise.all(laws.map((law) => law.report({ runs })));
  return reports.filter((report) => report.counterexample !== undefined).map((report) => report.law);
};
