/**
 * Retry-After of HTTP as a hint for `hintedMs`: seconds, or a date in GMT against the wall clock `wallMs` (a date in the past is 0). Negative when
 * unreadable: then nobody retries. Source: RFC 9110, 10.2.3.
 */
export function parseRetryAfterMs(header: string, wallMs: number): number {
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return -1;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? -1 : Math.max(0, dateMs - wallMs);
}
