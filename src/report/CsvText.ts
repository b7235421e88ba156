/** A field of a CSV file; null is an empty field. */
export type CsvField = string | number | boolean | null;

/** Rows under a header line, quoted as in RFC 4180: fields with a comma, a quote or a line break stand in quotes, quotes in them are doubled. Lines end in a line feed alone, which Unix tools expect and CSV readers accept. */
export const csvText = (header: ReadonlyArray<string>, rows: Iterable<ReadonlyArray<CsvField>>): string => {
  const lines = [csvLine(header)];
  for (const row of rows) lines.push(csvLine(row));
  return `${lines.join("\n")}\n`;
};

const csvLine = (fields: ReadonlyArray<CsvField>): string => fields.map(csvField).join(",");

const csvField = (field: CsvField): string => {
  if (field === null || (typeof field === "number" && !Number.isFinite(field))) return "";
  const text = String(field);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
};
