/** What one job costs, as measured. Times are CPU. */
export type JobCost = {
  /** Of Postgres, to add a job in a transaction of its own. */
  readonly enqueueUs: number;
  /** Of Postgres, from the claim to the written outcome. */
  readonly postgresUs: number;
  /** Of the job service. */
  readonly serviceUs: number;
  /** Write-ahead log of the whole life of a job. */
  readonly walBytes: number;
  /** Table and indexes of a job that waits. */
  readonly waitingBytes: number;
  /** Table and indexes of a completed job that is kept. */
  readonly keptBytes: number;
};

/** What one replica of the job service takes. */
export type ReplicaCost = { readonly memoryMb: number; readonly connections: number };

/** How many jobs there are, and how they come. */
export type Demand = {
  readonly perDay: number;
  /** The busiest minutes of the day over its average. */
  readonly peakFactor: number;
  /** How long a function takes. */
  readonly functionMs: number;
  /** JOBS_CONCURRENCY. */
  readonly concurrency: number;
  /** How busy a core may be at the peak, 0 to 1: what is above waits longer and longer. */
  readonly busyAtMost: number;
  /** How long functions may be out of reach, at the average rate, before disk runs out. */
  readonly backlogHours: number;
};

/** What that takes. Cores are those that are busy at the peak, over `busyAtMost`. */
export type Sizing = {
  readonly perSecond: number;
  readonly peakPerSecond: number;
  /** Requests in flight at the peak. */
  readonly inFlight: number;
  readonly replicas: number;
  readonly serviceCores: number;
  readonly serviceMb: number;
  readonly connections: number;
  readonly postgresCores: number;
  readonly walGbPerDay: number;
  readonly backlogGb: number;
  /** Completed jobs, where they are kept, for each day. */
  readonly archiveGbPerDay: number;
};

/** Two, so that one may go at any time. */
const fewestReplicas = 2;
const secondsPerDay = 86_400;
const giga = 1e9;

/**
 * Computes what a demand takes. CPU goes by the peak, as queues grow from the first core that is full; disk by the day.
 *
 * Requests in flight are the rate by the time that each takes (Little's law). A replica is one process of one core: there are
 * as many as keep that many requests in flight, or as that much CPU takes, whichever is more.
 */
export function sizeFor(job: JobCost, replica: ReplicaCost, demand: Demand): Sizing {
  const { perDay, busyAtMost, concurrency } = demand;
  const perSecond = perDay / secondsPerDay;
  const peakPerSecond = perSecond * demand.peakFactor;
  const coresFor = (us: number) => (peakPerSecond * us) / 1e6 / busyAtMost;
  const inFlight = (peakPerSecond * demand.functionMs) / 1000;
  const serviceCores = coresFor(job.serviceUs);
  const replicas = Math.max(fewestReplicas, Math.ceil(inFlight / concurrency), Math.ceil(serviceCores));
  return {
    perSecond,
    peakPerSecond,
    inFlight,
    replicas,
    serviceCores,
    serviceMb: replicas * replica.memoryMb,
    connections: replicas * replica.connections,
    postgresCores: coresFor(job.enqueueUs + job.postgresUs),
    walGbPerDay: (perDay * job.walBytes) / giga,
    backlogGb: (perSecond * demand.backlogHours * 3600 * job.waitingBytes) / giga,
    archiveGbPerDay: (perDay * job.keptBytes) / giga,
  };
}
