import type { CreateFunctionStmt, Node, ObjectWithArgs, RangeVar, TypeName } from "libpg-query";

/**
 * Gives what a statement creates, each as Postgres identifies it: `table s.t`, `column s.t.c`, `index s.i`,
 * `trigger s.t.g`, `function s.f(int4,text[])`, `type s.t`, `view s.v`.
 */
export function createdBy(node: Node): string[] {
  if ("CreateFunctionStmt" in node) return [`function ${functionKey(node.CreateFunctionStmt)}`];
  if ("IndexStmt" in node)
    return [`index ${node.IndexStmt.relation?.schemaname ?? "?"}.${node.IndexStmt.idxname ?? "?"}`];
  if ("CreateTrigStmt" in node)
    return [`trigger ${relation(node.CreateTrigStmt.relation)}.${node.CreateTrigStmt.trigname}`];
  if ("ViewStmt" in node) return [`view ${relation(node.ViewStmt.view)}`];
  if ("CreateEnumStmt" in node) return [`type ${names(node.CreateEnumStmt.typeName)}`];
  if ("CreateDomainStmt" in node) return [`domain ${names(node.CreateDomainStmt.domainname)}`];
  if ("CompositeTypeStmt" in node) return [`type ${relation(node.CompositeTypeStmt.typevar)}`];
  if ("AlterTableStmt" in node) {
    const added = (node.AlterTableStmt.cmds ?? []).map((cmd) =>
      "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : null,
    );
    return columns(relation(node.AlterTableStmt.relation), added);
  }
  if (!("CreateStmt" in node)) return [];
  const table = relation(node.CreateStmt.relation);
  return [`table ${table}`, ...columns(table, node.CreateStmt.tableElts ?? [])];
}

/** Gives what a `comment on` describes, in the same words. An empty comment describes nothing. */
export function commentedBy(node: Node): string[] {
  if (!("CommentStmt" in node) || !node.CommentStmt.comment?.trim()) return [];
  const { object, objtype = "" } = node.CommentStmt;
  const kind = objtype.replace("OBJECT_", "").toLowerCase();
  if (object === undefined) return [];
  if ("ObjectWithArgs" in object) return [`${kind} ${objectKey(object.ObjectWithArgs)}`];
  if ("TypeName" in object) return [`${kind} ${names(object.TypeName.names)}`];
  return "List" in object ? [`${kind} ${names(object.List.items)}`] : [];
}

/** Gives the functions whose rights a grant or revoke names. */
export function grantedBy(node: Node): string[] {
  if (!("GrantStmt" in node)) return [];
  const objects = node.GrantStmt.objects ?? [];
  return objects.flatMap((object) =>
    "ObjectWithArgs" in object ? [`function ${objectKey(object.ObjectWithArgs)}`] : [],
  );
}

function columns(table: string, parts: readonly (Node | null | undefined)[]): string[] {
  return parts.flatMap((part) =>
    part && "ColumnDef" in part ? [`column ${table}.${part.ColumnDef.colname}`] : [],
  );
}

function functionKey({ funcname, parameters = [] }: CreateFunctionStmt): string {
  const types = parameters.flatMap((parameter) => {
    if (!("FunctionParameter" in parameter)) return [];
    const { mode = "", argType } = parameter.FunctionParameter;
    return mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE" ? [] : [typeText(argType)];
  });
  return `${names(funcname)}(${types.join()})`;
}

function objectKey({ objname, objargs = [] }: ObjectWithArgs): string {
  return `${names(objname)}(${objargs.map((arg) => ("TypeName" in arg ? typeText(arg.TypeName) : "?")).join()})`;
}

function typeText(type: TypeName | undefined): string {
  return `${names(type?.names).replace(/^pg_catalog\./, "")}${"[]".repeat(type?.arrayBounds?.length ?? 0)}`;
}

function relation(range: RangeVar | undefined): string {
  return `${range?.schemaname ?? "?"}.${range?.relname ?? "?"}`;
}

function names(parts: readonly Node[] = []): string {
  return parts.map((part) => ("String" in part ? (part.String.sval ?? "") : "?")).join(".");
}
