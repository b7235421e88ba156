import { requireSetting } from "../SettingFault.ts";

/** Which waiting request is taken next. */
export type TakeOrder =
  | { readonly kind: "fifo" }
  | { readonly kind: "lifo" }
  /** Newest first while the queue has stood for `standingMs` without being empty, else oldest first. */
  | { readonly kind: "adaptiveLifo"; readonly standingMs: number };

/** How long a queue must stand before the newest goes first: 0 for lifo, Infinity for fifo. Source: Maurer 2015, "Fail at Scale", ACM Queue 13(8). */
export function newestAfterMs(order: TakeOrder): number {
  if (order.kind === "fifo") return Infinity;
  return order.kind === "lifo" ? 0 : requireSetting("adaptiveLifo.standingMs", order.standingMs, { least: 0 });
}
