import { z } from "zod";
import type { SourceFile } from "./source-file.ts";

const journalPath = "db/migrations/meta/_journal.json";
const journal = z.object({
  entries: z.array(z.object({ idx: z.number(), when: z.number(), tag: z.string() })),
});

/**
 * Gives the faults of drizzle's journal: a file that is not in it, an entry without a file, and a `when` that does not rise.
 *
 * drizzle skips, in silence, a file whose `when` is not newer than that of the last one applied.
 */
export function findJournalFaults(files: readonly SourceFile[]): string[] {
  const file = files.find(({ path }) => path === journalPath);
  if (file === undefined) return [`${journalPath}:1: The journal is missing.`];
  const { entries } = journal.parse(JSON.parse(file.text));
  const tags = files
    .map(({ path }) => path.match(/^db\/migrations\/([^/]+)\.sql$/)?.[1] ?? "")
    .filter(Boolean);
  const listed = new Set(entries.map(({ tag }) => tag));
  const at = (tag: string) => {
    const line = file.text.split("\n").findIndex((text) => text.includes(`"tag": "${tag}"`)) + 1;
    return `${journalPath}:${Math.max(line, 1)}:`;
  };
  return [
    ...tags
      .filter((tag) => !listed.has(tag))
      .map((tag) => `db/migrations/${tag}.sql:1: The file is not in the journal: nobody would apply it.`),
    ...entries
      .filter(({ tag }) => !tags.includes(tag))
      .map(({ tag }) => `${at(tag)} There is no file ${tag}.sql.`),
    ...entries
      .filter(({ when }, n) => n > 0 && when <= (entries[n - 1]?.when ?? 0))
      .map(({ tag, when }) => `${at(tag)} "when" of ${tag} is not above the entry before it (${when}).`),
    ...entries
      .filter(({ idx, tag }, n) => idx !== n || !tag.startsWith(String(n).padStart(4, "0")))
      .map(({ tag, idx }) => `${at(tag)} ${tag} stands at another place than its number (idx ${idx}).`),
  ];
}
