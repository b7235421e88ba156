import { main, scenario } from "../src/index.ts";
import limited from "./token-bucket.ts";

// The control of token-bucket: the same flood without limits. Everybody waits.
export default scenario({
  ...limited,
  name: "token-bucket-without",
  description: "The control of token-bucket: the same flood without a limit",
  gateway: { router: "powerOfTwo" },
  gates: ["chat.goodput.ratio < 90%", "chat.ttft.p99 > 1s"],
});

main(import.meta);
