import type { Sql } from "../../../db/client/connect.ts";
import type { PlannedJob } from "./plan-jobs.ts";
import type { Stage } from "./stage.ts";
import { persist, type StageDatabase } from "./start-stage-database.ts";

/** Makes the tables in which the database notes, in the same transaction, what was enqueued and what ended. */
export async function watchJobs({ ask }: StageDatabase): Promise<void> {
  await ask(`
    create table public.enqueued (n integer not null);
    create index on public.enqueued (n);
    create table public.ended (
      place bigint generated always as identity,
      n integer not null,
      how text not null,
      attempt integer not null,
      worker text,
      ms double precision not null default extract(epoch from clock_timestamp()) * 1000
    );
    create index on public.ended (n);

    create function public.note_enqueued() returns trigger language plpgsql as $$
    begin
      insert into public.enqueued select (new.payload ->> 'n')::integer;
      return null;
    end;
    $$;

    create function public.note_ended() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        insert into public.ended (n, how, attempt, worker)
        values ((old.payload ->> 'n')::integer, 'gone', old.attempts, old.locked_by);
      else
        insert into public.ended (n, how, attempt, worker)
        values ((new.payload ->> 'n')::integer, 'dead', new.attempts, null);
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

/** Enqueues planned jobs in their order. */
export type Enqueuer = AsyncDisposable & {
  /** Jobs that are still to be enqueued. */
  readonly left: () => number;
  /** Enqueues the next so many in one statement, whatever happens to Postgres; never two statements at a time. */
  readonly enqueue: (count: number) => Promise<void>;
  /** When the commit of each job was answered, in ms since the process began; nothing where no answer came. */
  readonly answeredAt: ReadonlyMap<number, number>;
};

/**
 * Gives an enqueuer. A statement whose answer is lost is not sent again: whether it was committed only the database knows, and
 * its jobs have to be executed exactly if it was.
 */
export function createEnqueuer(
  { database, proxies }: Pick<Stage, "database" | "proxies">,
  jobs: readonly PlannedJob[],
): Enqueuer {
  const answeredAt = new Map<number, number>();
  // Its answers are lost with those of the services.
  const open = () => database.open("enqueuer", proxies.database.port);
  let sql = open();
  let next = 0;
  let last = Promise.resolve();
  const enqueue = async (count: number) => {
    const batch = jobs.slice(next, next + count);
    if (batch.length === 0) return;
    next += batch.length;
    try {
      await add(sql, batch);
      const now = performance.now();
      for (const { n } of batch) answeredAt.set(n, now);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      // The next one is worth its jobs only when Postgres is there again.
      await persist("the enqueuer is answered", async () => {
        void sql.end({ timeout: 0 });
        sql = open();
        await sql.unsafe("select 1");
      });
    }
  };
  return {
    left: () => jobs.length - next,
    enqueue: (count) => {
      last = last.then(() => enqueue(count));
      return last;
    },
    answeredAt,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
  };
}

async function add(sql: Sql, batch: readonly PlannedJob[]): Promise<void> {
  const specs = batch.map(({ n, task, queue }) => ({
    db_id: "5b720132-17d5-424d-9bcb-ee7b17c13d43",
    identifier: task,
    queue_name: queue,
    payload: { n },
  }));
  await sql.unsafe(
    "select count(*) from app_jobs.add_jobs(array(select spec from json_array_elements($1::text::json) as s (spec)))",
    [JSON.stringify(specs)],
  );
}

function isConnectionLost(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(E|CONNECT|57P|53300|08)/.test(code);
}
