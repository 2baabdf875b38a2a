import type { Terminal } from "./terminal.ts";

/** One row of an answer, by column; the last column may be cut to fit the terminal. */
export type Row = Readonly<Record<string, unknown>>;

/** What steers a terminal or turns the text around. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Prints rows as a table, or as one JSON object a line. */
export function printRows(
  terminal: Terminal,
  rows: readonly Row[],
  { json = false }: { json?: boolean },
): void {
  if (json) for (const row of rows) terminal.print(jsonOf(row));
  else for (const line of tableOf(rows)) terminal.print(fit(line, terminal.width));
}

/** JSON escapes some control characters alone; a terminal takes others, too, for commands. */
function jsonOf(row: Row): string {
  return JSON.stringify(row).replace(steering, (found) =>
    found
      .split("")
      .map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Gives the lines of a table, its columns named as the rows' keys; no lines for no rows. */
function tableOf(rows: readonly Row[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const names = Object.keys(first);
  const cells = [names.map(heading), ...rows.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, column) =>
    Math.max(...cells.map((line) => Bun.stringWidth(line[column] ?? ""))),
  );
  return cells.map((line) =>
    line
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))))
      .join("  ")
      .trimEnd(),
  );
}

/** `runAt` as RUN AT. */
function heading(name: string): string {
  return name.replace(/[A-Z]/g, " $&").toUpperCase();
}

/** Gives a value as one line without control characters: what is shown here was written by others. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value).replace(/^"(.*)"$/, "$1");
  return text.replace(steering, " ");
}

/** Gives a text of several lines without what could steer the terminal. */
export function shownText(text: string): string {
  return text.split("\n").map(shownLine).join("\n");
}

/** Tabs indent a payload that somebody wrote by hand. */
function shownLine(line: string): string {
  return line.split("\t").map(shown).join("\t");
}

/** Gives a length of time for a person, with about three figures. */
export function tookText(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

function fit(line: string, width: number | null): string {
  if (width === null || Bun.stringWidth(line) <= width) return line;
  return `${Bun.sliceAnsi(line, 0, width - 1)}…`;
}
