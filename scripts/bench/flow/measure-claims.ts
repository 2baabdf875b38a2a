import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { type Backend, openBackends } from "../host/open-backends.ts";
import { reset, type Scenario, tenantSql } from "./scenarios.ts";

/** What claims cost and who got them. Times in µs of CPU of the connections, per job. */
export type ClaimFigures = {
  readonly perSecond: number;
  readonly claimUs: number;
  readonly completeUs: number;
  readonly enqueueUs: number;
  readonly walBytes: number;
  /** Of all claims, those that the large tenant got. */
  readonly largeShare: number;
  readonly tenantsServed: number;
  /** Most that any tenant got. */
  readonly most: number;
};

/** How much lies there and how much is claimed. */
export type FlowPlan = {
  readonly tenants: number;
  readonly largeJobs: number;
  readonly smallJobs: number;
  readonly claimed: number;
  readonly batch: number;
  readonly connections: number;
};

const body = JSON.stringify({ text: "x".repeat(200) });

/** Creates the prototype and enqueues what lies in it: the large tenant's jobs first. */
export async function fill(sql: Sql, scenario: Scenario, plan: FlowPlan): Promise<void> {
  const { backlog, isCovered } = scenario;
  const tenants = backlog === "one tenant" ? 1 : plan.tenants;
  const add = async (from: number, to: number, jobs: number) =>
    sql.unsafe(
      `insert into flow.jobs (database_id, task_identifier, payload, lane_id)
       select ${tenantSql("n")}, 'mail', $1::text::json, case when $2 then n end
       from generate_series(1, $5::integer) as job
       cross join generate_series($3::bigint, $4::bigint) as n`,
      [body, isCovered, from, to, jobs],
      { prepare: true },
    );
  if (isCovered)
    await sql.unsafe(
      `insert into flow.lanes (task_identifier, database_id)
       select 'mail', ${tenantSql("n")} from generate_series(1, ${tenants}::bigint) as n`,
    );
  await add(1, 1, backlog === "one tenant" ? plan.claimed : plan.largeJobs);
  if (tenants > 1) await add(2, tenants, plan.smallJobs);
}

/** Arranges the scenario's rules in a filled database, and measures steady work: as many jobs come as are claimed. */
export async function measureClaims(
  scenario: Scenario,
  { database, plan }: { database: BenchDatabase; plan: FlowPlan },
): Promise<ClaimFigures> {
  const { sql } = database;
  await using backends = await openBackends(database.url, plan.connections);
  await sql.unsafe(reset);
  if (scenario.arrange !== "") await sql.unsafe(scenario.arrange);
  await sql`vacuum analyze flow.jobs, flow.lanes`;

  const tally: Tally = { claimUs: 0, completeUs: 0, enqueueUs: 0, claimed: 0, byTenant: new Map() };
  const warm = { ...tally, byTenant: new Map() };
  const run = crypto.randomUUID();
  const until = async (goal: number, into: Tally) =>
    Promise.all(
      backends.all.map(async (backend) => {
        while (into.claimed < goal) await turn(backend, into, { scenario, plan, run });
      }),
    );
  await until(plan.claimed / 10, warm);
  const wal = await walBytes(sql);
  const startedAt = performance.now();
  await until(plan.claimed, tally);
  const seconds = (performance.now() - startedAt) / 1000;

  return {
    perSecond: tally.claimed / seconds,
    claimUs: tally.claimUs / tally.claimed,
    completeUs: tally.completeUs / tally.claimed,
    enqueueUs: tally.enqueueUs / tally.claimed,
    walBytes: ((await walBytes(sql)) - wal) / tally.claimed,
    largeShare: (tally.byTenant.get(tenantId(1)) ?? 0) / tally.claimed,
    tenantsServed: tally.byTenant.size,
    most: Math.max(...tally.byTenant.values()),
  };
}

type Tally = {
  claimUs: number;
  completeUs: number;
  enqueueUs: number;
  claimed: number;
  readonly byTenant: Map<string, number>;
};

type Turn = { readonly scenario: Scenario; readonly plan: FlowPlan; readonly run: string };

async function turn({ sql, cpuUs }: Backend, tally: Tally, { scenario, plan, run }: Turn): Promise<void> {
  const tenants = scenario.backlog === "one tenant" ? 1 : plan.tenants;
  const coming = Array.from({ length: plan.batch }, () => tenantId(1 + Math.floor(Math.random() * tenants)));
  const start = await cpuUs();
  await sql.unsafe(
    "select flow.add($1::uuid[], $2::text::json, $3)",
    [coming, body, scenario.isCovered] as never[],
    { prepare: true },
  );
  const enqueued = await cpuUs();
  const rows = await sql.unsafe<{ id: string; token: string; tenant: string }[]>(
    `select id, database_id as tenant, task_identifier, payload::text as payload, attempts, max_attempts, priority,
       run_at, token, created_at
     from flow.claim($1, $2, $3)`,
    [run, plan.batch, scenario.slice],
    { prepare: true },
  );
  const claimed = await cpuUs();
  await sql.unsafe(
    "select flow.complete($1::bigint[], $2::uuid[])",
    [rows.map(({ id }) => id), rows.map(({ token }) => token)] as never[],
    { prepare: true },
  );
  tally.enqueueUs += enqueued - start;
  tally.claimUs += claimed - enqueued;
  tally.completeUs += (await cpuUs()) - claimed;
  tally.claimed += rows.length;
  for (const { tenant } of rows) tally.byTenant.set(tenant, (tally.byTenant.get(tenant) ?? 0) + 1);
}

function tenantId(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

async function walBytes(sql: Sql): Promise<number> {
  const rows = await sql<{ bytes: number }[]>`
    select (pg_current_wal_insert_lsn() - '0/0')::double precision as bytes`;
  return onlyRow(rows).bytes;
}
