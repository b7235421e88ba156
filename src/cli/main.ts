import { runSpillway } from "./CommandLine.ts";

await runSpillway(process.argv.slice(2));
