import { runSpillway } from "./spillway.ts";

await runSpillway(process.argv.slice(2));
