import type { Queue } from "../peers/queue.ts";

const tenant = "00000000-0000-4000-8000-000000000001";

/** The ceiling: an INSERT into a table of the same columns, checks and indexes, that has no trigger and no function before it. */
export const plainInsert: Pick<Queue, "name" | "prepare" | "addOne" | "addMany"> = {
  name: "plain insert",
  prepare: async ({ sql }) => {
    await sql`create table public.plain_jobs (like app_jobs.jobs including all)`;
  },
  addOne: (payload) => ({
    text: `
      insert into public.plain_jobs (database_id, task_identifier, payload)
      values ($1::text::uuid, 'mail', $2::text::json)
      returning id`,
    values: [tenant, payload],
  }),
  addMany: (payloads) => ({
    text: `
      with added as (
        insert into public.plain_jobs (database_id, task_identifier, payload)
        select $1::text::uuid, 'mail', payload
        from json_array_elements($2::text::json) as payload
        returning id
      )
      select count(*) from added`,
    values: [tenant, `[${payloads.join(",")}]`],
  }),
};
