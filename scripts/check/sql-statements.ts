import { hasSqlDetails, type Node, parse } from "libpg-query";
import { faultAt, type SourceFile } from "./source-file.ts";

/** One statement of a SQL file, parsed as Postgres would. */
export type Statement = { readonly file: SourceFile; readonly index: number; readonly node: Node };

/** What a SQL file parses to: its statements, or the one fault that Postgres finds. */
export type ParsedSql = { readonly statements: readonly Statement[]; readonly faults: readonly string[] };

/** Gives a migration's statements; a file that Postgres cannot read gives a fault. */
export async function parseSql(file: SourceFile): Promise<ParsedSql> {
  try {
    const { stmts = [] } = await parse(file.text);
    const indexOf = byteIndex(file.text);
    const statements = stmts.flatMap(({ stmt, stmt_location = 0 }) =>
      stmt === undefined ? [] : [{ file, index: firstWord(file.text, indexOf(stmt_location)), node: stmt }],
    );
    return { statements, faults: [] };
  } catch (error) {
    const index = hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? 0) : 0;
    const message = error instanceof Error ? error.message : String(error);
    return { statements: [], faults: [faultAt(file, index, `Postgres cannot read this: ${message}.`)] };
  }
}

/** Gives a function from Postgres's positions, counted in bytes, to JavaScript's. */
export function byteIndex(text: string): (bytes: number) => number {
  const bytes = Buffer.from(text);
  if (bytes.length === text.length) return (at) => at;
  return (at) => bytes.subarray(0, at).toString().length;
}

/** A statement's position is right after the one before it, comments included: this skips them. */
function firstWord(text: string, index: number): number {
  return index + (text.slice(index).match(/^(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/)?.[0].length ?? 0);
}

/** Gives the migrations among the files, in the order in which they apply. */
export function migrationsOf(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => /^db\/migrations\/[^/]+\.sql$/.test(path));
}
