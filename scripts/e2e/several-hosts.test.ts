import { describe, expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { hostsFault } from "../../services/testing/with-hosts.ts";
import { type Call, type Cluster, type Replica, withCluster } from "./several-hosts/with-cluster.ts";

const fault = await hostsFault();
if (fault !== null) console.log(`Tests of several hosts are skipped: ${fault}.`);

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const names = ["first", "second", "third"] as const;
/** Waits are for a lease, and for TCP to find its way again, on a machine that may be busy. */
const longMs = 90_000;
const limit = { timeout: 240_000 };

const addJobs = ({ sql }: Cluster, task: string, count: number) =>
  sql`select app_jobs.add_job(${tenant}, ${task}) from generate_series(1, ${count}::int)`;
const jobsLeft = async ({ sql }: Cluster) => (await sql`select from app_jobs.jobs`).length;
const jobId = ({ headers }: Call) => headers["x-job-id"] ?? "";
const workerOf = ({ headers }: Call) => headers["x-worker-id"] ?? "";

/** Reports success at a callback URL, as the function that was called would. */
const report = ({ functions }: Cluster, call: Call, url: string) =>
  functions.send(url, { "x-worker-id": workerOf(call), "x-job-id": jobId(call) });

/** Starts three replicas that are all as busy as they may: the first with two jobs beside it and two far from it. */
async function startBusyReplicas(cluster: Cluster) {
  const limits = { JOBS_CONCURRENCY: "4", JOBS_LEASE_SECONDS: "5", JOBS_QUERY_SECONDS: "3" };
  const host = await cluster.addHost();
  const beside = await cluster.startWitness(host);
  const first = await cluster.startReplica("first", host, {
    ...limits,
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: '{"beside":"http://127.0.0.1:8000/beside"}',
  });
  await addJobs(cluster, "beside", 2);
  await until("two jobs run beside the first", async () => (await beside.calls()).length === 2);
  for (const name of names.slice(1)) await cluster.startReplica(name, await cluster.addHost(), limits);
  await addJobs(cluster, "far", 40);
  await until("each has as many as it may", async () => {
    const workers = Map.groupBy(await cluster.functions.calls(), workerOf);
    return Bun.deepEquals(
      names.map((name) => workers.get(name)?.length),
      [2, 4, 4],
    );
  });
  const far = (await cluster.functions.calls()).filter((call) => workerOf(call) === "first");
  return { first, beside, far, ownCalls: await beside.calls() };
}

/** Answers all calls but those to hold, and gives them all. */
async function answerAllBut({ functions }: Cluster, hold: (call: Call) => boolean): Promise<Call[]> {
  const calls = await functions.calls();
  for (const call of calls.filter((one) => !one.isAnswered && !hold(one))) await functions.answer(call);
  return calls;
}

describe.skipIf(fault !== null)("workers on several hosts", () => {
  test(
    "share the jobs, take over those of a host that is cut off, and its late outcomes change nothing",
    async () => {
      await using cluster = await withCluster();
      const { sql, functions } = cluster;
      const { first, beside, far, ownCalls } = await startBusyReplicas(cluster);
      const lost = [...ownCalls, ...far];
      const lostIds = lost.map(jobId);
      const isLost = (call: Call) => lostIds.includes(jobId(call));
      const [early, late] = ownCalls;
      if (early === undefined || late === undefined) throw new Error("Two jobs run beside it.");

      await first.cutOff();
      await beside.answer(early);
      await until(
        "the others have run the rest, and have the lost ones",
        async () => {
          const calls = await answerAllBut(cluster, isLost);
          const taken = calls.filter((call) => isLost(call) && workerOf(call) !== "first");
          return taken.length === lost.length && (await jobsLeft(cluster)) === lost.length;
        },
        longMs,
      );
      await until("the first knows", () => first.output().includes("lease lost"), longMs);
      await beside.answer(late);
      for (const call of far) await functions.answer(call);

      await first.plugIn();
      const isNew = (call: Call) => workerOf(call) === "first" && !isLost(call);
      let added = 2 + 40;
      const worksAgain = async () => {
        if ((await jobsLeft(cluster)) === lost.length) {
          await addJobs(cluster, "far", 12);
          added += 12;
        }
        return (await answerAllBut(cluster, isLost)).some(isNew);
      };
      await until("it has new jobs", worksAgain, longMs);
      const leases = await sql<{ attempts: number; locked_by: string | null }[]>`
        select attempts, locked_by from app_jobs.jobs where id = any (${lostIds}::bigint[])`;
      expect(leases).toHaveLength(lost.length);
      for (const { attempts, locked_by } of leases) {
        expect(attempts).toBe(2);
        expect(["second", "third"]).toContain(locked_by ?? "nobody");
      }
      for (const call of lost)
        expect(await report(cluster, call, call.headers["x-callback-url"] ?? "")).toBe(409);

      await until("no job is left", async () => {
        await answerAllBut(cluster, () => false);
        return (await jobsLeft(cluster)) === 0;
      });
      const calls = Map.groupBy([...ownCalls, ...(await functions.calls())], jobId);
      expect(calls.size).toBe(added);
      for (const [id, { length }] of calls) expect([id, length]).toEqual([id, lostIds.includes(id) ? 2 : 1]);
      expect(await sql`select from app_jobs.dead_jobs`).toHaveLength(0);
    },
    limit,
  );

  test(
    "record each other's callbacks",
    async () => {
      await using cluster = await withCluster();
      const { sql, functions } = cluster;
      const replicas: Replica[] = [];
      for (const name of names)
        replicas.push(await cluster.startReplica(name, await cluster.addHost(), { JOBS_CONCURRENCY: "2" }));
      await addJobs(cluster, "later", 6);
      const calls = await until("each has called twice", async () => {
        const all = await functions.calls();
        return all.length === 6 && all;
      });
      for (const call of calls) await functions.answer(call, 202);
      await until("all are accepted", async () => {
        return (await sql`select from app_jobs.jobs where accepted_at is not null`).length === 6;
      });
      for (const call of calls) {
        const own = names.findIndex((name) => name === workerOf(call));
        const url = new URL(call.headers["x-callback-url"] ?? "");
        expect(url.hostname).toBe(replicas[own]?.address ?? "");
        url.hostname = replicas[(own + 1) % replicas.length]?.address ?? "";
        expect(await report(cluster, call, url.href)).toBe(200);
      }
      expect(new Set(calls.map(workerOf)).size).toBe(3);
      expect(await jobsLeft(cluster)).toBe(0);
    },
    limit,
  );
});
