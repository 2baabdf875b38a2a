import { faultAt, type SourceFile } from "./source-file.ts";
import { commentedBy, createdBy, grantedBy } from "./sql-objects.ts";
import { migrationsOf, parseSql, type Statement } from "./sql-statements.ts";

/**
 * Gives the faults of what the migrations create: an object without a `comment on` in its file, a function without a grant or
 * revoke there, and one that neither pins its search_path nor has a body after RETURN, which is read when it is made. What an earlier file created may be replaced without
 * all that, as comments and rights stay.
 */
export async function findCatalogueFaults(files: readonly SourceFile[]): Promise<string[]> {
  const known = new Set<string>();
  const faults: string[] = [];
  for (const file of migrationsOf(files)) {
    const parsed = await parseSql(file);
    faults.push(...parsed.faults);
    const earlier = new Set(known);
    for (const statement of parsed.statements) {
      const created = createdBy(statement.node).filter((object) => !earlier.has(object));
      for (const object of created) known.add(object);
      const later = parsed.statements.filter(({ index }) => index > statement.index);
      faults.push(...missing(statement, created, later), ...unpinned(statement));
    }
  }
  return faults;
}

function missing({ file, index }: Statement, created: string[], later: readonly Statement[]): string[] {
  const commented = new Set(later.flatMap(({ node }) => commentedBy(node)));
  const granted = new Set(later.flatMap(({ node }) => grantedBy(node)));
  return created.flatMap((object) => [
    ...(commented.has(object) ? [] : [faultAt(file, index, `No "comment on ${object}" follows.`)]),
    ...(granted.has(object) || !object.startsWith("function ")
      ? []
      : [faultAt(file, index, `No grant or revoke of ${object} follows: anybody may call it.`)]),
  ]);
}

function unpinned({ file, index, node }: Statement): string[] {
  if (!("CreateFunctionStmt" in node)) return [];
  if (node.CreateFunctionStmt.sql_body !== undefined) return [];
  const options = node.CreateFunctionStmt.options ?? [];
  const pins = options.some(
    (option) =>
      "DefElem" in option &&
      option.DefElem.arg !== undefined &&
      "VariableSetStmt" in option.DefElem.arg &&
      option.DefElem.arg.VariableSetStmt.name === "search_path",
  );
  return pins
    ? []
    : [
        faultAt(
          file,
          index,
          "The function does not pin search_path, and its body is not read when it is made (return …).",
        ),
      ];
}
