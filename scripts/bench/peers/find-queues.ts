import type { BenchServer } from "../host/bench-server.ts";
import { node } from "../host/run-under-node.ts";
import { graphileWorker } from "./graphile-worker.ts";
import { knativeJobs } from "./knative-jobs.ts";
import { pgBoss } from "./pg-boss.ts";
import { installPublishedService, publishedService } from "./published-service.ts";
import type { Queue } from "./queue.ts";

/** Ours, and the peers that can run here. */
export type Queues = {
  readonly ours: Queue;
  readonly graphile: readonly Queue[];
  readonly pgBosses: readonly Queue[];
  readonly published: readonly Queue[];
  /** Which peers are left out, and why; null where none is. */
  readonly absent: string | null;
};

/** Finds out which peers can run here: under Node, as their users run them, and under Bun. */
export async function findQueues(server: BenchServer): Promise<Queues> {
  const runtimes = node === null ? (["Bun"] as const) : (["Node", "Bun"] as const);
  const hasPublished = node !== null && (await installPublishedService());
  const absent =
    node === null
      ? "Node is not installed: no peers under Node, no published service"
      : hasPublished
        ? null
        : "the published service does not install";
  return {
    ours: knativeJobs,
    graphile: [
      ...(node === null ? [] : [graphileWorker("Node", "fetch"), graphileWorker("Node", "node:http")]),
      graphileWorker("Bun", "fetch"),
    ],
    pgBosses: await Promise.all(runtimes.map((runtime) => pgBoss(runtime, server.database))),
    published: hasPublished ? [publishedService] : [],
    absent,
  };
}
