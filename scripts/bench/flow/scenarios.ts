/** What lies in the queue, and which rules hold, while claims are measured. */
export type Scenario = {
  readonly name: string;
  /** What lies there: nothing but one tenant's jobs, or those of all tenants. */
  readonly backlog: "one tenant" | "all tenants";
  /** Whether rules cover the jobs, so that they are in lanes. */
  readonly isCovered: boolean;
  /** Jobs that a lane gives at a time. */
  readonly slice: number;
  /** Makes the rules hold; run after all lanes were opened without limits. */
  readonly arrange: string;
};

/** Opens every lane without any limit. Virtual times go on, so that over all scenarios no lane is drained before others. */
export const reset = `
  update flow.jobs
  set locked_at = null, worker_run = null, token = null
  where locked_at is not null;
  update flow.lanes
  set state = 'open', max_in_flight = null, rate_per_second = null, burst = null, tokens = null, refilled_at = null,
    wakes_at = null,
    virtual_time = case when virtual_time < 0 then (select max(l.virtual_time) from flow.lanes as l) else virtual_time end;`;

/** The tenant of this number, as SQL. Number 1 is the one that holds most of the jobs. */
export const tenantSql = (number: string): string =>
  `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;

const lanes = { backlog: "all tenants", isCovered: true, slice: 10, arrange: "" } as const;

/** All that are measured; the first is what the others are compared with. */
export const scenarios: readonly Scenario[] = [
  { ...lanes, name: "no limits, all tenants", isCovered: false },
  { ...lanes, name: "no limits, one tenant", isCovered: false, backlog: "one tenant" },
  {
    ...lanes,
    name: "one tenant, limits that are not reached",
    backlog: "one tenant",
    slice: 100,
    arrange: `
      update flow.lanes
      set max_in_flight = 1000, rate_per_second = 1000000, burst = 1000000, tokens = 1000000, refilled_at = now()`,
  },
  { ...lanes, name: "fair shares, ten jobs a turn" },
  { ...lanes, name: "fair shares, one job a turn", slice: 1 },
  {
    ...lanes,
    name: "10 in flight a tenant, the large one is full",
    arrange: `
      update flow.lanes
      set max_in_flight = 10;
      update flow.jobs
      set locked_at = now()
      where id in (
        select j.id
        from flow.jobs as j
        join flow.lanes as l on l.id = j.lane_id
        where l.database_id = ${tenantSql("1")}
        order by j.run_at, j.id
        limit 10
      )`,
  },
  {
    ...lanes,
    name: "1,000 paused lanes in front",
    arrange: `
      update flow.lanes
      set state = 'paused', virtual_time = -1
      where id <= 1000`,
  },
  {
    ...lanes,
    name: "half of the tenants at their rate",
    arrange: `
      update flow.lanes
      set rate_per_second = 1, burst = 10, tokens = 0, refilled_at = now()
      where id % 2 = 0`,
  },
];
