import type { Sizing } from "./size-for.ts";

/** Gives rows as a table that is Markdown too, its columns aligned. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, n) => `${"-".repeat(width + 1)}${n === 0 ? "-" : ":"}`).join("|")}|`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** Gives what numbers of jobs a day take, as a table with a column for each. */
export function sizingTable(sizings: readonly (Sizing & { readonly perDay: number })[]): string {
  const row = (name: string, of: (sizing: Sizing & { readonly perDay: number }) => string) => [
    name,
    ...sizings.map(of),
  ];
  return tableOf([
    row("jobs a day", ({ perDay }) => `${rounded(perDay / 1e6)} million`),
    row("a second on average", ({ perSecond }) => rounded(perSecond)),
    row("a second at the peak", ({ peakPerSecond }) => rounded(peakPerSecond)),
    row("requests in flight at the peak", ({ inFlight }) => rounded(inFlight)),
    row("replicas of the job service", ({ replicas }) => String(replicas)),
    row("their cores, all together", ({ serviceCores }) => rounded(serviceCores)),
    row("their memory, all together, MiB", ({ serviceMb }) => rounded(serviceMb)),
    row("their connections to Postgres", ({ connections }) => rounded(connections)),
    row("cores of Postgres", ({ postgresCores }) => rounded(postgresCores)),
    row("write-ahead log a day, GB", ({ walGbPerDay }) => rounded(walGbPerDay)),
    row("disk for the backlog, GB", ({ backlogGb }) => rounded(backlogGb)),
    row("disk for each day of completed jobs, GB", ({ archiveGbPerDay }) => rounded(archiveGbPerDay)),
  ]);
}

/** Gives a number with two digits that count, or all of a larger one. */
export function rounded(value: number): string {
  if (value >= 10) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(2)));
}
