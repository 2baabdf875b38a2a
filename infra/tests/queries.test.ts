import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { simpleEmailPayload } from "../../functions/simple-email/payload.ts";
import packageFile from "../../package.json" with { type: "json" };
import { withDatabase } from "../../services/testing/with-database.ts";
import { listAt, type Manifest, root, textAt } from "./manifest.ts";
import { renderOverlay } from "./render-overlay.ts";
import { withClusterRoles } from "./with-cluster-roles.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

const queries = z.record(
  z.string(),
  z.strictObject({
    primary: z.literal(true),
    query: z.string(),
    metrics: z.array(
      z.record(
        z.string(),
        z.strictObject({ usage: z.enum(["GAUGE", "COUNTER", "LABEL"]), description: z.string() }),
      ),
    ),
  }),
);

const find = (manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

const production = await renderOverlay("infra/kubernetes/overlays/production");
const exporter = queries.parse(
  Bun.YAML.parse(textAt(find(production, "ConfigMap", "jobs-queries"), "data", "queries")),
);
const metrics = Object.entries(exporter).flatMap(([name, { metrics }]) =>
  metrics.flatMap((one) => Object.keys(one).map((column) => `cnpg_${name}_${column}`)),
);

test("the scaler is given a number by its query, and can read no job", async () => {
  await using cluster = await withClusterRoles();
  await cluster.database.sql`select app_jobs.add_job(${tenant}, 'mail') from generate_series(1, 7)`;
  const scaler = cluster.as("jobs_scaler");
  const query = textAt(
    find(production, "ScaledObject", "job-service"),
    "spec",
    "triggers",
    0,
    "metadata",
    "query",
  );
  const rows: Record<string, unknown>[] = await scaler.unsafe(query);
  expect(rows.map((row) => Object.values(row).map(Number))).toEqual([[7]]);
  expect(await scaler`select from app_jobs.jobs`.then(String, String)).toContain("permission denied");
});

test("each query of the exporter gives the columns that it names, in a read-only transaction of a monitoring role", async () => {
  await using cluster = await withClusterRoles();
  const { sql } = cluster.database;
  await sql`select app_jobs.add_job(${tenant}, 'mail', run_at => now() - interval '90 seconds')`;
  await sql`select app_jobs.permanently_fail_jobs(array[(app_jobs.add_job(${tenant}, 'mail')).id])`;
  await sql`select app_jobs.add_scheduled_job(${tenant}, 'mail', '{}', '{"rule":"* * * * *"}')`;
  const told: Record<string, number> = {};
  for (const [name, { query, metrics }] of Object.entries(exporter)) {
    const [row = {}] = await sql.begin("read only", async (one) => {
      await one`set local role pg_monitor`;
      return one.unsafe<Record<string, unknown>[]>(query);
    });
    expect(Object.keys(row)).toEqual(metrics.flatMap((one) => Object.keys(one)));
    for (const [column, value] of Object.entries(row)) told[`cnpg_${name}_${column}`] = Number(value);
  }
  expect(told).toMatchObject({
    cnpg_jobs_queue_depth: 1,
    cnpg_jobs_dead_letters: 1,
    cnpg_jobs_workers_alive: 0,
  });
  expect(told["cnpg_jobs_queue_oldest_due_seconds"]).toBeGreaterThanOrEqual(90);
  expect(Object.values(told).every(Number.isFinite)).toBe(true);
});

test("every alert and every panel asks for metrics that exist, and every metric is on a panel", async () => {
  const rules = listAt(find(production, "PrometheusRule", "jobs"), "spec", "groups", 0, "rules");
  const dashboard: unknown = await Bun.file(join(root, "infra/monitoring/dashboard.json")).json();
  const panels = listAt(dashboard, "panels").flatMap((panel) => listAt(panel, "targets"));
  const asked = (places: readonly unknown[]) =>
    places.flatMap((one) => textAt(one, "expr").match(/cnpg_\w+/g) ?? []);
  expect(rules.length).toBeGreaterThan(5);
  expect(asked([...rules, ...panels]).filter((name) => !metrics.includes(name))).toEqual([]);
  expect(metrics.filter((name) => !asked(panels).includes(name) && !name.endsWith("_transactions"))).toEqual(
    [],
  );
});

test("the grants of service and enqueuer are those that docs/roles.md gives", async () => {
  const page = await Bun.file(join(root, "docs/roles.md")).text();
  const grants = await Bun.file(join(root, "infra/kubernetes/base/grants.sql")).text();
  for (const [block, role] of [
    ["service role", "jobs_service"],
    ["enqueuing role", "jobs_enqueuer"],
  ] as const) {
    const statements = page.match(new RegExp(`\`\`\`sql\\n(-- ${block}\\n.*?)\`\`\``, "s"))?.[1] ?? "missing";
    expect(grants).toContain(statements.replaceAll("ROLE", role));
  }
});

test("the commands of docs/deploying.md name what is there, and enqueue a mail", async () => {
  await using database = await withDatabase();
  const chapter = (await Bun.file(join(root, "docs/deploying.md")).text()).split("## On Knative")[1] ?? "";
  const blocks = [...chapter.matchAll(/```bash\n(.*?)```/gs)].map(([, text = ""]) => text.trim().split("\n"));
  const [commands = [], edge] = blocks;
  expect(edge).toHaveLength(5);
  expect(commands).toHaveLength(10);
  const statement = commands
    .join("\n")
    .match(/-c "(select .*)"$/m)?.[1]
    ?.replaceAll('\\"', '"');
  await database.sql.unsafe(statement ?? "no statement");
  const [job] = await database.sql<{ task: string; payload: unknown }[]>`
    select task_identifier as task, payload from app_jobs.jobs`;
  expect(job?.task).toBe("simple-email");
  expect(simpleEmailPayload.safeParse(job?.payload).success).toBe(true);

  const tags = [...commands.join(" ").matchAll(/dev\.local\/\S+?:(\S+)/g)].map(([, tag]) => tag);
  expect(tags).toEqual(tags.map(() => packageFile.version));
  const paths = [...commands.join(" ").matchAll(/infra\/\S+/g)].map(([path]) => join(root, path));
  expect(paths).toHaveLength(4);
  for (const path of paths)
    expect(
      (await Bun.file(path).exists()) || (await Bun.file(join(path, "kustomization.yaml")).exists()),
    ).toBe(true);

  const readme = await Bun.file(join(root, "infra/kubernetes/README.md")).text();
  const migration = production.find(({ kind }) => kind === "Job")?.metadata.name;
  expect(readme).toContain(`job/${migration} `);
});
