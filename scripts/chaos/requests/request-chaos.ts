import * as fc from "fast-check";
import { z } from "zod";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import { createJobs } from "../../../db/client/jobs.ts";
import { signCallbackToken } from "../../../services/callback-token/callback-token.ts";
import { until } from "../../../services/testing/until.ts";
import type { TestDatabase } from "../../../services/testing/with-database.ts";
import { withProcess } from "../../../services/testing/with-process.ts";
import { type MalformedRequest, malformedRequests, type Tokens } from "./malformed-request.ts";
import { sendRequest } from "./send-request.ts";

/** How many requests, and which. */
export type RequestChaosOptions = {
  readonly database: TestDatabase;
  readonly requests: number;
  readonly seed: number;
};

/** What came of the requests. */
export type RequestChaosReport = {
  readonly requests: number;
  /** How often each status came, over all endpoints; "none" is a connection that was closed without one. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests that were answered 5xx other than 505, the first few of them. Has to be empty. */
  readonly broken: readonly string[];
  /** Whether any row of the schema was written. Has to be false. */
  readonly wroteRows: boolean;
  /** Whether a good callback completed its job afterwards. Has to be true. */
  readonly stillWorks: boolean;
  /** By how much the servers' heap grew between a tenth of the requests and all of them, in bytes, after collections. */
  readonly heapGrowthBytes: number;
  readonly residentGrowthBytes: number;
};

const batch = 500;
const atOnce = 16;
const shown = 10;
/** Right for a request line of another HTTP version (RFC 9110 §15.6.6); Bun's parser answers it before anything of ours runs. */
const foreignVersion = 505;

const portsLine = z.object({
  callback: z.number(),
  function: z.number(),
  signedFunction: z.number(),
  memory: z.number(),
});
const memoryAnswer = z.object({ heapBytes: z.number(), residentBytes: z.number() });

/** Sends generated malformed requests to the callback server and two functions, and tells what they did. */
export async function runRequestChaos(options: RequestChaosOptions): Promise<RequestChaosReport> {
  const { database, requests, seed } = options;
  const { sql } = database;
  const tokens = await makeLeases(sql);
  await using endpoints = withProcess("scripts/chaos/requests/endpoints.ts", database.env);
  const line = await until("the endpoints listen", () => endpoints.output().match(/^\{.*\}$/m)?.[0], 60_000);
  const ports = portsLine.parse(JSON.parse(line));
  const memory = async () =>
    memoryAnswer.parse(await (await fetch(`http://127.0.0.1:${ports.memory}`)).json());

  const before = await rowsOf(sql);
  const statuses: Record<string, number> = {};
  const broken: string[] = [];
  let early = await memory();
  for (let sent = 0; sent < requests; sent += batch) {
    const numRuns = Math.min(batch, requests - sent);
    const generated = fc.sample(malformedRequests(tokens), { seed: seed + sent, numRuns });
    await sendAll(generated, ports, (request, target, status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (Number(status) >= 500 && Number(status) !== foreignVersion && broken.length < shown)
        broken.push(`${target} ${status}: ${describe(request)}`);
    });
    if (sent <= requests / 10) early = await memory();
  }
  const late = await memory();
  const wroteRows = (await rowsOf(sql)) !== before;
  return {
    requests,
    statuses,
    broken,
    wroteRows,
    stillWorks: await completes(ports.callback, tokens),
    heapGrowthBytes: late.heapBytes - early.heapBytes,
    residentGrowthBytes: late.residentBytes - early.residentBytes,
  };
}

/** Gives the promises that a report breaks, a sentence each. */
export function brokenPromises(report: RequestChaosReport): readonly string[] {
  const allowedGrowth = 8 * 1024 * 1024;
  return [
    ...report.broken.map((line) => `A malformed request was answered with a fault of ours: ${line}`),
    ...(report.wroteRows ? ["A malformed request wrote a row."] : []),
    ...(report.stillWorks ? [] : ["The callback server no longer takes a good callback."]),
    ...(report.heapGrowthBytes > allowedGrowth ? ["The servers' heap grew by more than 8 MiB."] : []),
  ];
}

type Ports = z.infer<typeof portsLine>;
type Note = (request: MalformedRequest, target: string, status: string) => void;

/** Each request goes to one endpoint, in turn. */
async function sendAll(requests: readonly MalformedRequest[], ports: Ports, note: Note): Promise<void> {
  const targets = [
    ["callback", ports.callback],
    ["function", ports.function],
    ["signed function", ports.signedFunction],
  ] as const;
  const waiting = requests.entries();
  const work = async () => {
    for (const [place, request] of waiting) {
      const [name, port] = targets[place % targets.length] ?? targets[0];
      const statuses = await sendRequest(port, request);
      for (const status of statuses.length === 0 ? ["none"] : statuses) note(request, name, String(status));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Leases one job that lasts, and one whose lease has passed on. */
async function makeLeases(sql: Sql): Promise<Tokens> {
  const [newest = ""] = await createJobs(sql, "app_jobs").callbackKeys();
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier)
    select gen_random_uuid(), 'task' from generate_series(1, 3)`;
  const leased = onlyRow(
    await sql<{ jobId: string; leaseToken: string }[]>`
      select id::text as "jobId", lease_token::text as "leaseToken"
      from app_jobs.get_job('somebody')`,
  );
  const passedOn = signCallbackToken({ ...leased, leaseToken: crypto.randomUUID() }, newest);
  return { jobId: leased.jobId, good: signCallbackToken(leased, newest), passedOn };
}

/** Gives every row with its version, so that a row that was written as it was shows too. */
async function rowsOf(sql: Sql): Promise<string> {
  const tables = ["jobs", "job_queues", "scheduled_jobs", "callback_keys"];
  const texts = tables.map(async (table) => {
    const rows =
      await sql`select xmin::text, ctid::text, t::text from app_jobs.${sql(table)} as t order by 3`;
    return JSON.stringify(rows);
  });
  return (await Promise.all(texts)).join("\n");
}

async function completes(port: number, { jobId, good }: Tokens): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/callback?token=${good}`, {
    method: "POST",
    headers: { "X-Job-Id": jobId, "X-Worker-Id": "somebody" },
  });
  return response.status === 200;
}

function describe(request: MalformedRequest): string {
  const asText = (bytes: Uint8Array | null) =>
    JSON.stringify(
      Buffer.from(bytes ?? [])
        .toString("latin1")
        .slice(0, 600),
    );
  if (request.by === "socket") return `socket ${asText(request.bytes)}`;
  return `${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers)} ${asText(request.body)}`;
}
