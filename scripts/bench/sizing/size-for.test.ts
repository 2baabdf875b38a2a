import { expect, test } from "bun:test";
import { type Demand, sizeFor } from "./size-for.ts";

const job = {
  enqueueUs: 50,
  postgresUs: 50,
  serviceUs: 60,
  walBytes: 2000,
  waitingBytes: 700,
  keptBytes: 500,
};
const replica = { memoryMb: 100, connections: 16 };
const demand: Demand = {
  perDay: 86_400_000,
  peakFactor: 5,
  functionMs: 100,
  concurrency: 100,
  busyAtMost: 0.5,
  backlogHours: 1,
};

test("CPU and requests in flight are sized by the peak, disk by the day", () => {
  const sizing = sizeFor(job, replica, demand);
  expect(sizing).toMatchObject({ perSecond: 1000, peakPerSecond: 5000, inFlight: 500, replicas: 5 });
  expect(sizing.postgresCores).toBeCloseTo(1);
  expect(sizing.serviceCores).toBeCloseTo(0.6);
  expect([sizing.connections, sizing.serviceMb]).toEqual([80, 500]);
  expect(sizing.walGbPerDay).toBeCloseTo(172.8);
  expect(sizing.backlogGb).toBeCloseTo(2.52);
  expect(sizing.archiveGbPerDay).toBeCloseTo(43.2);
});

test("a little needs two replicas all the same", () => {
  expect(sizeFor(job, replica, { ...demand, perDay: 1000 }).replicas).toBe(2);
});

test("where functions answer at once, the service's own CPU says how many replicas there are", () => {
  const quick = { ...demand, functionMs: 1, perDay: 864_000_000 };
  expect(sizeFor(job, replica, quick).replicas).toBe(6);
});
