import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import type { Hono } from "hono";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/hono/v4";
import { makeV4Preset } from "postgraphile/presets/v4";
import type { FoundServer } from "#db/connection/find-server";

/** A GraphQL API over a database's tables. */
export type Graphql = {
  /** Adds `POST /graphql`, and GraphiQL at `/graphiql`, to an app. */
  readonly addTo: (app: Hono) => Promise<void>;
  /** Closes its connections. */
  readonly close: () => Promise<void>;
};

const schemas = ["metaschema_public", "services_public", "roles_public"];

/**
 * Gives a GraphQL API over the tables of tables.sql, by PostGraphile, in the dialect that the seed was written for:
 * `database(id:)`, `databases { nodes }`, `condition:` arguments, JSON as JSON.
 *
 * The tables have to exist: the API is made from what the database says of them at this moment.
 */
export async function createGraphql(database: FoundServer): Promise<Graphql> {
  const service = makePgService({ schemas, poolConfig: { ...database, max: 5 } });
  const instance = postgraphile({
    extends: [makeV4Preset({ dynamicJson: true, graphiql: true }), PgSimplifyInflectionPreset],
    pgServices: [service],
    grafserv: { websockets: false, watch: false },
  });
  const close = async () => {
    await instance.release();
    await service.release?.();
  };
  try {
    await instance.getSchema();
  } catch (error) {
    await close();
    throw error;
  }
  const server = instance.createServ(grafserv);
  return { addTo: (app) => server.addTo(app), close };
}
