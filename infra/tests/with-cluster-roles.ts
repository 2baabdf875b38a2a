import { join } from "node:path";
import { connect, type Sql } from "../../db/client/connect.ts";
import { migrate } from "../../db/migrate.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { root } from "./manifest.ts";

/** The cluster's roles; in a test's server each has an ending of the test's own. */
const roles = ["jobs_owner", "jobs_service", "jobs_enqueuer", "jobs_scaler"] as const;

/** A database as the cluster makes it. */
export type ClusterDatabase = AsyncDisposable & {
  readonly database: TestDatabase;
  /** Gives a connection of a role. */
  readonly as: (role: Role) => Sql;
  /** Gives a role's connection as the Deployment's environment has it. */
  readonly envOf: (role: Role) => Record<string, string>;
};

type Role = (typeof roles)[number];

/** Gives a database with the cluster's roles, the owner's migrations, and then the grants, applied twice. */
export async function withClusterRoles(): Promise<ClusterDatabase> {
  const database = await withDatabase("empty");
  const suffix = crypto.randomUUID().slice(0, 8);
  const named = (text: string) =>
    roles.reduce((all, role) => all.replaceAll(role, `${role}_${suffix}`), text);
  const { hostname, port, pathname } = new URL(database.url);
  const name = pathname.slice(1);
  const open: Sql[] = [];
  const envOf = (role: Role) => ({
    PGHOST: hostname,
    PGPORT: port,
    PGDATABASE: name,
    PGUSER: named(role),
    PGPASSWORD: "secret",
  });
  const as = (role: Role) => {
    const sql = connect({ ...envOf(role), PGPORT: Number(port) }, { max: 1, name: "role" });
    open.push(sql);
    return sql;
  };

  for (const role of roles) await database.sql.unsafe(named(`create role ${role} login password 'secret'`));
  await database.sql.unsafe(
    named(`alter database ${name} owner to jobs_owner; grant pg_read_all_stats to jobs_owner`),
  );
  await migrate({ ...envOf("jobs_owner"), PGPORT: Number(port) });
  const grants = await Bun.file(join(root, "infra/kubernetes/base/grants.sql")).text();
  for (const _ of ["first", "again"]) await as("jobs_owner").begin((one) => one.unsafe(named(grants)));

  return {
    database,
    as,
    envOf,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((sql) => sql.end({ timeout: 1 })));
      const all = roles.map(named).join(", ");
      await database.sql.unsafe(
        `alter database ${name} owner to postgres; drop owned by ${all}; drop role ${all}`,
      );
      await database[Symbol.asyncDispose]();
    },
  };
}
