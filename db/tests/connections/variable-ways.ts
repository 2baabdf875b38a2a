import { join } from "node:path";
import { scram, variables, type Way } from "./way.ts";

/** By variables, alone and beside a URL. */
export const variableWays: readonly Way[] = [
  { what: "PG* alone", given: variables(() => ({})), expected: "encrypted" },
  {
    what: "a private CA by variables",
    given: variables(({ tls }) => ({ PGSSLMODE: "verify-full", PGSSLROOTCERT: tls.file("ca.crt") })),
    expected: "encrypted",
  },
  {
    what: "another CA by variables",
    given: variables(({ tls }) => ({ PGSSLMODE: "verify-full", PGSSLROOTCERT: tls.file("other-ca.crt") })),
    expected: /^TLS with sslmode=verify-full failed/,
  },
  {
    what: "variables of a certificate",
    given: variables(({ tls }) => ({
      PGUSER: "by_certificate",
      PGPASSWORD: "",
      PGSSLCERT: tls.file("client.crt"),
      PGSSLKEY: tls.file("client.key"),
    })),
    expected: "encrypted",
  },
  {
    what: "variables fill in what a URL does not say",
    given: ({ tls }) => ({
      DATABASE_URL: `postgres://by_scram@localhost/by_scram`,
      PGPORT: String(tls.port),
      PGPASSWORD: "secret",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: tls.file("ca.crt"),
    }),
    expected: "encrypted",
  },
  {
    what: "a URL goes before variables",
    given: ({ tls }) => ({
      DATABASE_URL: `postgres://${scram}:${tls.port}/by_scram?sslmode=disable`,
      PGHOST: "nowhere.invalid",
      PGSSLMODE: "verify-full",
      PGUSER: "nobody",
    }),
    expected: "in the clear",
  },
  {
    what: "the database is the user's where a URL names none",
    given: ({ tls }) => `postgres://${scram}:${tls.port}`,
    expected: "encrypted",
  },
  {
    what: "PGPASSFILE",
    given: variables(({ tls }) => ({ PGPASSWORD: "", PGPASSFILE: join(tls.socketFolder, "passwords") })),
    expected: "encrypted",
  },
  {
    what: "a service",
    given: variables(() => ({ PGSERVICE: "mine" })),
    expected: /^PGSERVICE: service cannot be honoured: service files are not read/,
    psql: /./,
  },
  {
    what: "PGREQUIREPEER",
    given: variables(() => ({ PGREQUIREPEER: "postgres" })),
    expected: /^PGREQUIREPEER: requirepeer cannot be honoured/,
    psql: null,
  },
  {
    what: "PGTARGETSESSIONATTRS=any, which postgres.js does not know",
    given: variables(() => ({ PGTARGETSESSIONATTRS: "any" })),
    expected: "encrypted",
  },
];
