import { autoscaledDay } from "./autoscaledDay.ts";
import { deepSeek } from "./deepSeek.ts";
import { engines } from "./engines.ts";
import { mooncake } from "./mooncake.ts";
import { rtx4090 } from "./rtx4090.ts";
import { published } from "../reference/published.ts";
import type { Section } from "./Section.ts";
import { silicon } from "./silicon.ts";
import { splitwise } from "./splitwise.ts";
import { wideExperts } from "./wideExperts.ts";

/** Sections in the order of the page. Register new ones here. */
export const realSections: ReadonlyArray<Section> = [
  rtx4090,
  silicon,
  wideExperts,
  deepSeek,
  autoscaledDay,
  mooncake,
  splitwise,
  engines,
  published,
];
