import { type DatabaseSettings, onlyRow } from "#db/connect";
import type { Queries } from "#db/open-pool";
import { StartError } from "../http/serve.ts";
import { describeDatabase } from "./describe-database.ts";

type Session = {
  readonly role: string;
  readonly replicationRole: string;
  readonly isReadOnly: boolean;
  readonly isStandby: boolean;
  readonly arrayNulls: string;
  readonly guarded: readonly string[];
};

/**
 * What of a session keeps a service from working though every right is there. A table is guarded where its row-level security
 * counts for us and no policy lets us see and change every row: a permissive one without a condition, for each kind of statement.
 */
const question = `
  select current_user::pg_catalog.text as role,
    pg_catalog.current_setting('session_replication_role') as "replicationRole",
    pg_catalog.current_setting('transaction_read_only') = 'on' as "isReadOnly",
    pg_catalog.pg_is_in_recovery() as "isStandby",
    pg_catalog.current_setting('array_nulls') as "arrayNulls",
    pg_catalog.to_json(array(
      select c.relname::pg_catalog.text
      from pg_catalog.pg_class as c
      where c.relnamespace = $1::pg_catalog.text::pg_catalog.regnamespace
        and c.relkind in ('r', 'p')
        and c.relrowsecurity
        and pg_catalog.row_security_active(c.oid)
        and (
          exists (
            select from pg_catalog.pg_policies as p
            where p.schemaname = $1::pg_catalog.text and p.tablename = c.relname and p.permissive = 'RESTRICTIVE'
          )
          or exists (
            select from pg_catalog.unnest('{SELECT,INSERT,UPDATE,DELETE}'::pg_catalog.text[]) as kind
            where not exists (
              select from pg_catalog.pg_policies as p
              where p.schemaname = $1::pg_catalog.text and p.tablename = c.relname
                and p.cmd in ('ALL', kind)
                and coalesce(p.qual, 'true') = 'true'
                and coalesce(p.with_check, 'true') = 'true'
                and exists (
                  select from pg_catalog.unnest(p.roles) as r
                  where case when r = 'public' then true else pg_catalog.pg_has_role(r, 'usage') end
                )
            )
          )
        )
      order by c.relname
    )) as guarded`;

/**
 * Sees to it that a service's sessions can do its work, whatever is set for its role or its database. A server that only reads
 * because it is a standby is another matter: it may become the primary.
 *
 * @throws StartError naming the setting, and the statement that mends it.
 */
export async function checkSession(
  pool: Queries,
  settings: DatabaseSettings & { readonly JOBS_SCHEMA: string },
): Promise<void> {
  const rows = await pool.unsafe<Session>(question, [settings.JOBS_SCHEMA as never]);
  const { role, replicationRole, isReadOnly, isStandby, arrayNulls, guarded } = onlyRow(rows);
  const schema = settings.JOBS_SCHEMA;
  const reset = (name: string) =>
    `Reset it: alter role "${role}" reset ${name}; or alter database … reset ${name}; whichever sets it.`;
  const refuse = (reason: string) => {
    throw new StartError(`Cannot use the database ${describeDatabase(settings)}: ${reason}`);
  };
  if (guarded.length > 0)
    refuse(
      `row-level security may hide rows of ${schema}.${guarded.join(`, ${schema}.`)} from the role ${role}, whose jobs would never run. Let it see all: create policy … on ${schema}.${guarded[0]} to "${role}" using (true) with check (true), or alter role "${role}" bypassrls.`,
    );
  if (replicationRole === "replica")
    refuse(
      `session_replication_role is replica for the role ${role}, so the queue's triggers would not run. ${reset("session_replication_role")}`,
    );
  // Behind a pooler we cannot set it ourselves.
  if (arrayNulls !== "on")
    refuse(
      `array_nulls is off for the role ${role}, so no outcome could be written. ${reset("array_nulls")}`,
    );
  if (isReadOnly && !isStandby)
    refuse(
      `default_transaction_read_only is on for the role ${role}, which could claim no job. ${reset("default_transaction_read_only")}`,
    );
}
