import type { Sql } from "../../client/connect.ts";

/** A job's row at one moment. Instants are microseconds since 1970, so that they compare exactly. */
export type JobRow = {
  readonly id: number;
  readonly tenant: string;
  readonly key: string | null;
  readonly queue: string | null;
  readonly priority: number;
  readonly runAt: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly isLeased: boolean;
  readonly lockedBy: string | null;
  readonly token: string | null;
  readonly run: string | null;
  readonly leaseSeconds: number | null;
  readonly isAccepted: boolean;
  readonly superseded: boolean;
};

/** One call of the queue's SQL, as the actor made it. */
export type Call = {
  readonly transaction: number;
  readonly call: number;
  readonly kind: string;
  /** Who claims, or whose lease it is about. */
  readonly worker?: string;
  readonly run?: string;
  readonly token?: string;
  readonly tenants?: readonly string[];
};

/** One change of one job, or of one dead letter, in the order of the changes of that job. */
export type Change = {
  readonly seq: number;
  readonly place: "jobs" | "dead_jobs";
  readonly call: Call;
  /** now() of the transaction, in microseconds. */
  readonly at: number;
  readonly old: JobRow | null;
  readonly new: JobRow | null;
};

/** Points of the same count as Change.seq: before the first call, before the commit, and after the commit's answer. */
export type Transaction = { readonly began: number; readonly ending: number; readonly ended: number };

const row = (alias: string) => `case when ${alias} is not null then json_build_object(
  'id', ${alias}.id, 'tenant', ${alias}.database_id, 'key', ${alias}.key, 'queue', ${alias}.queue_name,
  'priority', ${alias}.priority, 'runAt', (extract(epoch from ${alias}.run_at) * 1000000)::bigint,
  'attempts', ${alias}.attempts, 'maxAttempts', ${alias}.max_attempts, 'isLeased', ${alias}.locked_at is not null,
  'lockedBy', ${alias}.locked_by, 'token', ${alias}.lease_token, 'run', ${alias}.worker_run,
  'leaseSeconds', ${alias}.lease_seconds, 'isAccepted', ${alias}.accepted_at is not null,
  'superseded', ${alias}.superseded) end`;

/**
 * Makes the database keep a history: each change of a job with the call that made it, where that was announced, in the changing
 * transaction, so that what is rolled back leaves none. A job's changes are numbered under its row lock, so their order is true.
 */
export async function recordHistory(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create sequence public.history_seq cache 1;
    create table public.history (
      seq bigint not null default nextval('public.history_seq'), place text not null,
      call json not null, at bigint not null, old json, new json
    );
    create function public.record_change() returns trigger language plpgsql security definer as $$
    declare
      was app_jobs.jobs := case when tg_op <> 'INSERT' then old end;
      is_now app_jobs.jobs := case when tg_op <> 'DELETE' then new end;
    begin
      insert into public.history (place, call, at, old, new)
      values (
        tg_table_name,
        coalesce(nullif(current_setting('history.call', true), ''), '{}')::json, (extract(epoch from now()) * 1000000)::bigint,
        ${row("was").replaceAll("was is not null", "was.id is not null")},
        ${row("is_now").replaceAll("is_now is not null", "is_now.id is not null")}
      );
      return null;
    end $$;
    create trigger history after insert or update or delete on app_jobs.jobs
    for each row execute function public.record_change();
    create trigger history after insert or update or delete on app_jobs.dead_jobs
    for each row execute function public.record_change();`);
  const name = (await sql<{ name: string }[]>`select current_database() as name`)[0]?.name ?? "";
  // Actors that open several queues in one transaction may meet in a circle. The victim only counts as rolled back.
  await sql.unsafe(`alter database "${name}" set deadlock_timeout = '30ms'`);
}

/** Gives the next number of the history's count. */
export async function tick(sql: Pick<Sql, "unsafe">): Promise<number> {
  const [next] = await sql.unsafe<{ seq: string }[]>("select nextval('public.history_seq') as seq");
  return Number(next?.seq);
}

/** Says which call the next changes belong to, in this transaction. */
export async function announce(sql: Pick<Sql, "unsafe">, call: Call): Promise<void> {
  await sql.unsafe("select set_config('history.call', $1, true)", [JSON.stringify(call)]);
}

/** Gives all changes that were committed, in order. */
export async function readHistory(sql: Sql): Promise<Change[]> {
  const rows = await sql<(Omit<Change, "seq" | "at"> & { seq: string; at: string })[]>`
    select seq, place, call, at, old, new from public.history order by seq`;
  return rows.map((change) => ({ ...change, seq: Number(change.seq), at: Number(change.at) }));
}
