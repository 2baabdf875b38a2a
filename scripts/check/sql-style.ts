import { parse, parsePlPgSQL, scan } from "libpg-query";
import { faultAt, type SourceFile } from "./source-file.ts";
import { byteIndex, migrationsOf, parseSql } from "./sql-statements.ts";

/** Gives the faults of how the migrations are written: upper-case words, and plpgsql bodies that Postgres cannot read. */
export async function findSqlStyleFaults(files: readonly SourceFile[]): Promise<string[]> {
  const faults = migrationsOf(files).map(async (file) => [
    ...(await upperCaseWords(file, file.text, 0)),
    ...(await unreadableBodies(file)),
  ]);
  return (await Promise.all(faults)).flat();
}

/** A dollar-quoted body is one token: it is scanned in its turn. */
async function upperCaseWords(file: SourceFile, text: string, offset: number): Promise<string[]> {
  const { tokens } = await scan(text);
  const indexOf = byteIndex(text);
  const faults = tokens.map(async (token): Promise<string[]> => {
    const index = indexOf(token.start);
    const written = text.slice(index, indexOf(token.end));
    const body = written.match(/^(\$\w*\$)([\s\S]*)\$\w*\$$/);
    if (body?.[1] !== undefined && body[2] !== undefined)
      return upperCaseWords(file, body[2], offset + index + body[1].length);
    if (!/^[A-Za-z_]\w*$/.test(written) || written === written.toLowerCase()) return [];
    return [faultAt(file, offset + index, `Write ${written} in lower case.`)];
  });
  return (await Promise.all(faults)).flat();
}

async function unreadableBodies(file: SourceFile): Promise<string[]> {
  const { statements } = await parseSql(file);
  const faults = statements.map(async ({ index, node }, n): Promise<string[]> => {
    if (!("CreateFunctionStmt" in node) && !("DoStmt" in node)) return [];
    // A body after RETURN is a part of the statement, which has been read.
    if ("CreateFunctionStmt" in node && node.CreateFunctionStmt.sql_body !== undefined) return [];
    const source = file.text.slice(index, statements[n + 1]?.index);
    try {
      const body = /\blanguage sql\b/.test(source)
        ? source.match(/\$(\w*)\$([\s\S]*)\$\1\$/)?.[2]
        : undefined;
      await (body === undefined ? parsePlPgSQL(source) : parse(body));
      return [];
    } catch (error) {
      return [faultAt(file, index, `Postgres cannot read this body: ${messageOf(error)}.`)];
    }
  });
  return (await Promise.all(faults)).flat();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
