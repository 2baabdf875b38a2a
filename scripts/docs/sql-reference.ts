import type { Sql } from "../../db/client/connect.ts";

/** Where the reference of the SQL API stands. */
export const sqlReferencePath = "docs/sql.md";

type FunctionRow = {
  readonly name: string;
  readonly arguments: string;
  readonly result: string;
  readonly comment: string;
};
type ColumnRow = {
  readonly relation: string;
  readonly relationComment: string;
  readonly column: string;
  readonly type: string;
  readonly initial: string;
  readonly comment: string;
};

/** Whom a function is for. What no group names belongs to the last one. */
const groups: readonly {
  readonly title: string;
  readonly about: string;
  readonly names: readonly string[];
}[] = [
  {
    title: "To enqueue",
    about:
      "For applications; see [enqueuing.md](enqueuing.md). They run with the owner's rights, so that an enqueuer needs none on tables.",
    names: ["add_job", "add_jobs", "add_task_jobs"],
  },
  {
    title: "To enqueue by a trigger",
    about: "For `create trigger … execute function`; the arguments are the trigger's.",
    names: [
      "tg_add_job_with_row",
      "tg_add_job_with_row_id",
      "trigger_job_with_fields",
      "current_database_id",
    ],
  },
  {
    title: "Schedules",
    about: "See [schedules.md](schedules.md).",
    names: ["add_scheduled_job", "pause_scheduled_jobs", "resume_scheduled_jobs", "run_scheduled_job"],
  },
  {
    title: "To operate",
    about: "For people and their tools; see [operating.md](operating.md). `bun run jobs` calls most of them.",
    names: [
      "job_history",
      "retry_dead_jobs",
      "discard_dead_jobs",
      "cancel_jobs",
      "reschedule_jobs",
      "complete_jobs",
      "permanently_fail_jobs",
      "set_task_policy",
      "remove_task_policies",
      "queue_depth",
      "queue_health",
      "next_job_seconds",
      "untaken_tasks",
      "repair",
    ],
  },
  {
    title: "For plain workers and schedulers",
    about:
      "For programs that take one job at a time and send no beats; see [protocol.md](protocol.md#91-the-plain-way).",
    names: [
      "get_job",
      "complete_job",
      "fail_job",
      "release_jobs",
      "get_scheduled_job",
      "release_scheduled_jobs",
    ],
  },
  {
    title: "What the services call",
    about:
      "For worker, callback server and scheduler, and for whoever writes another; see [protocol.md](protocol.md#9-writing-a-worker). They may change with a release.",
    names: [],
  },
];

const head = `# SQL reference

Every table and function of the schema \`app_jobs\`, as its comments in the database say it. In psql, \`\\df+ app_jobs.add_job\` and
\`\\d+ app_jobs.jobs\` show the same. This page is rendered from a migrated database by \`bun run docs\`, and a test holds it against one.

A function that raises an error of its own has a name in capitals as the message, with a detail and a hint. Who may call what is in
[roles.md](roles.md).
`;

/** Gives the reference of the SQL API as Markdown, from the comments of a migrated database. */
export async function renderSqlReference(sql: Sql): Promise<string> {
  const functions = await readFunctions(sql);
  const known = new Set(groups.flatMap(({ names }) => names));
  const gone = [...known].filter((name) => !functions.some((one) => one.name === name));
  if (gone.length > 0)
    throw new Error(`Cannot render the SQL reference: there is no function ${gone.join(", ")}.`);
  const chapters = groups.map(({ title, about, names }) => {
    const members =
      names.length === 0
        ? functions.filter(({ name }) => !known.has(name))
        : names.flatMap((name) => functions.filter((one) => one.name === name));
    return [`## ${title}`, about, ...members.map(renderFunction)].join("\n\n");
  });
  const tables = ["## Tables", ...renderTables(await readColumns(sql))].join("\n\n");
  return `${head}\n${[...chapters, tables].join("\n\n")}\n`;
}

/** Trigger functions that only the tables here use are no part of it. */
function readFunctions(sql: Sql): Promise<FunctionRow[]> {
  return sql<FunctionRow[]>`
    select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
      coalesce(obj_description(p.oid, 'pg_proc'), '') as comment
    from pg_proc as p
    where p.pronamespace = 'app_jobs'::regnamespace
      and (p.prorettype <> 'trigger'::regtype or p.proname = any (${["tg_add_job_with_row", "tg_add_job_with_row_id", "trigger_job_with_fields"]}))
    order by p.proname collate "C", p.pronargs desc`;
}

function readColumns(sql: Sql): Promise<ColumnRow[]> {
  return sql<ColumnRow[]>`
    select c.relname as relation, coalesce(obj_description(c.oid, 'pg_class'), '') as "relationComment", a.attname as "column",
      format_type(a.atttypid, a.atttypmod) as type,
      case
        when a.attidentity <> '' then 'the next number'
        when d.adbin is not null then '\`' || pg_get_expr(d.adbin, d.adrelid) || '\`'
        when a.attnotnull then 'needed'
        else ''
      end as initial,
      coalesce(col_description(c.oid, a.attnum), '') as comment
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'app_jobs'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
    order by c.relname <> 'jobs', c.relname <> 'dead_jobs', c.relname <> 'scheduled_jobs', c.relname collate "C", a.attnum`;
}

function renderFunction({ name, arguments: given, result, comment }: FunctionRow): string {
  const parts = splitArguments(plain(given));
  const list = parts.length < 3 ? parts.join(", ") : `\n  ${parts.join(",\n  ")}\n`;
  return `### ${name}\n\n\`\`\`text\n${name}(${list}) returns ${plain(result)}\n\`\`\`\n\n${escaped(comment)}`;
}

function renderTables(columns: readonly ColumnRow[]): string[] {
  return [...Map.groupBy(columns, ({ relation }) => relation)].map(([relation, members]) =>
    [
      `### ${relation}\n`,
      `${escaped(members[0]?.relationComment ?? "")}\n`,
      "| column | type | default | meaning |",
      "|---|---|---|---|",
      ...members.map(
        (row) =>
          `| \`${row.column}\` | ${row.type} | ${plain(row.initial)} | ${escaped(row.comment).replaceAll("|", "\\|")} |`,
      ),
    ].join("\n"),
  );
}

/** Parts arguments at the commas between them, which no default of ours holds outside of quotes. */
function splitArguments(text: string): string[] {
  return text === "" ? [] : text.split(/, (?=(?:[^']*'[^']*')*[^']*$)/);
}

/** Gives a text of the catalogue without what every reader knows: the schema, and the types of defaults. */
function plain(text: string): string {
  return text
    .replaceAll("app_jobs.", "")
    .replaceAll(" DEFAULT ", " = ")
    .replaceAll("SETOF", "setof")
    .replaceAll("NULL", "null")
    .replaceAll("OUT ", "out ")
    .replaceAll(/('[^']*'|null)::[a-z ]+(?:\[\])?/g, "$1")
    .replaceAll("timestamp with time zone", "timestamptz");
}

function escaped(text: string): string {
  return text.replaceAll(/[*<]/g, "\\$&");
}
