import { setTimeout as pause } from "node:timers/promises";
import type { Sql } from "../../../db/client/connect.ts";
import type { PlannedJob } from "./plan-jobs.ts";
import type { Stage } from "./stage.ts";

/** Makes the tables in which the database notes, in the same transaction, what was enqueued and what ended. */
export async function watchJobs(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create table public.enqueued (n integer not null);
    create table public.ended (place bigint generated always as identity, n integer not null, how text not null);

    create function public.note_enqueued() returns trigger language plpgsql as $$
    begin
      insert into public.enqueued select (new.payload ->> 'n')::integer;
      return null;
    end;
    $$;

    create function public.note_ended() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        insert into public.ended (n, how) values ((old.payload ->> 'n')::integer, 'gone');
      else
        insert into public.ended (n, how) values ((new.payload ->> 'n')::integer, 'dead');
      end if;
      return null;
    end;
    $$;

    create trigger note_enqueued after insert on app_jobs.jobs
    for each row execute function public.note_enqueued();
    -- What dies leaves the table too, free and without an attempt left; it is noted where it goes.
    create trigger note_gone after delete on app_jobs.jobs
    for each row
    when (old.locked_at is not null or old.attempts < old.max_attempts)
    execute function public.note_ended();
    create trigger note_dead after insert on app_jobs.dead_jobs
    for each row execute function public.note_ended();
  `);
}

/** Gives a function that enqueues the next so many planned jobs, whatever happens to Postgres; never two batches at a time. */
export function createEnqueuer(stage: Stage, jobs: readonly PlannedJob[]) {
  let next = 0;
  let last = Promise.resolve();
  const enqueue = async (count: number) => {
    const batch = jobs.slice(next, next + count);
    next += batch.length;
    if (batch.length > 0) await commit(stage, batch);
  };
  return {
    left: () => jobs.length - next,
    enqueue: (count: number): Promise<void> => {
      last = last.then(() => enqueue(count));
      return last;
    },
  };
}

/** A commit whose answer is lost may have happened or not: only the database knows. */
async function commit({ sql, query }: Stage, batch: readonly PlannedJob[]): Promise<void> {
  const rows = JSON.stringify(batch.map(({ n, task, queue }) => ({ n, task, queue })));
  const first = batch[0]?.n ?? 0;
  await persist("jobs are enqueued", () =>
    query(() =>
      sql.begin(async (tx) => {
        const [known] = await tx`select from public.enqueued where n = ${first}`;
        if (known !== undefined) return;
        await tx`
        insert into app_jobs.jobs (database_id, task_identifier, queue_name, payload)
        select '5b720132-17d5-424d-9bcb-ee7b17c13d43', task, queue, json_build_object('n', n)
        from json_to_recordset(${rows}::text::json) as planned (n integer, task text, queue text)
        order by n`;
      }),
    ),
  );
}

/** Does it again until it is done, for half a minute: Postgres may be away. */
export async function persist<T>(what: string, act: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    try {
      return await act();
    } catch (cause) {
      if (performance.now() > giveUpAt) throw new Error(`Tried for 30 s in vain until ${what}.`, { cause });
      await pause(50);
    }
  }
}
