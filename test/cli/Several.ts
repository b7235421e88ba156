import { runSpillway } from "../../src/cli/CommandLine.ts";

/**
 * Runs several command lines (JSON, the first argument) in one process, since Node starts slowly, and prints what each of them did:
 * a JSON list of Outcome.
 */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const write = process.stdout.write.bind(process.stdout);
const outcomes: Array<Outcome> = [];
for (const args of JSON.parse(process.argv[2]!) as Array<Array<string>>) {
  let stdout = "";
  let stderr = "";
  process.stdout.write = (text: string | Uint8Array) => ((stdout += String(text)), true);
  process.stderr.write = (text: string | Uint8Array) => ((stderr += String(text)), true);
  process.exitCode = 0;
  await runSpillway(args);
  outcomes.push({ code: Number(process.exitCode), stdout, stderr });
}
process.exitCode = 0;
write(JSON.stringify(outcomes));
