import { defineConfig } from "drizzle-kit";
import type { DatabaseSettings } from "./db/client/connect.ts";
import { socketPath, tlsOptions } from "./db/client/connection/open-transport.ts";
import { readTarget } from "./db/client/connection/read-target.ts";

/** Gives what drizzle-kit connects by. It knows one host, and cannot try TLS and go on without: below `require` it goes in the clear. */
function credentials() {
  const { hosts, user, password = "", database, tls } = readTarget(process.env as DatabaseSettings);
  const [host, another] = hosts;
  if (host === undefined || another !== undefined)
    throw new Error("Cannot migrate by drizzle-kit: it knows one host alone. Use: bun run db:migrate.");
  const isInTheClear = ["disable", "allow", "prefer"].includes(tls.mode) || socketPath(host) !== undefined;
  const ssl = isInTheClear ? false : tlsOptions(host, tls);
  return { host: host.address ?? host.name, port: host.port, user, password, database, ssl };
}

/** For `drizzle-kit migrate` and `generate --custom`. It serves the schema `app_jobs`; for another, `bun run db:migrate`. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./db/client/connect.ts",
  out: "./db/migrations",
  migrations: { schema: "app_jobs", table: "migrations" },
  dbCredentials: credentials(),
});
