import { local, scram, toPlain, toTls, trust, type Way } from "./way.ts";

/** By sslmode, and which CAs are trusted. */
export const encryptionWays: readonly Way[] = [
  { what: "no word about TLS, a server that has it", given: toTls(""), expected: "encrypted" },
  { what: "no word about TLS, a server without", given: toPlain(""), expected: "in the clear" },
  { what: "disable", given: toTls("?sslmode=disable"), expected: "in the clear" },
  { what: "allow", given: toTls("?sslmode=allow"), expected: "in the clear" },
  {
    what: "allow, a database that takes TLS alone",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only?sslmode=allow`,
    expected: "encrypted",
  },
  {
    what: "prefer, a database that takes no TLS",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/plain_only?sslmode=prefer`,
    expected: "in the clear",
  },
  {
    what: "no word, a database that takes TLS alone (RDS, Heroku)",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only`,
    expected: "encrypted",
  },
  {
    what: "disable, a database that takes TLS alone",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only?sslmode=disable`,
    expected: /^pg_hba.conf rejects connection .* no encryption$/,
  },
  { what: "prefer, a server without", given: toPlain("?sslmode=prefer"), expected: "in the clear" },
  { what: "require", given: toTls("?sslmode=require"), expected: "encrypted" },
  { what: "require, a server without", given: toPlain("?sslmode=require"), expected: /takes no TLS/ },
  { what: "no-verify", given: toTls("?sslmode=no-verify"), expected: "encrypted", psql: null },
  { what: "verify-ca", given: (at) => toTls(`?sslmode=verify-ca&${trust(at)}`)(at), expected: "encrypted" },
  {
    what: "verify-ca, another CA",
    given: (at) => toTls(`?sslmode=verify-ca&sslrootcert=${at.tls.file("other-ca.crt")}`)(at),
    expected: /^TLS with sslmode=verify-ca failed: .*Set PGSSLROOTCERT/,
  },
  {
    what: "require with a file of CAs checks as verify-ca",
    given: (at) => toTls(`?sslmode=require&sslrootcert=${at.tls.file("other-ca.crt")}`)(at),
    expected: /^TLS with sslmode=require failed/,
  },
  {
    what: "verify-full",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}`, local)(at),
    expected: "encrypted",
  },
  {
    what: "verify-full, a name that the certificate has not",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}`)(at),
    expected: /altnames.*Connect by a name/,
  },
  {
    what: "verify-full, the address beside the name",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}&hostaddr=127.0.0.1`, local)(at),
    expected: "encrypted",
  },
  {
    what: "verify-full without a file trusts the system's CAs",
    given: toTls("?sslmode=verify-full", local),
    expected: /self.signed certificate.*Set PGSSLROOTCERT/,
  },
  {
    what: "system's CAs",
    given: toTls("?sslrootcert=system", local),
    expected: /self.signed certificate/,
    psql: null,
  },
  {
    what: "system's CAs and a weaker mode",
    given: toTls("?sslrootcert=system&sslmode=require", local),
    expected: /^DATABASE_URL: sslmode: expected verify-full, as sslrootcert is system/,
    psql: null,
  },
  {
    what: "a file of CAs that is not there",
    given: toTls("?sslmode=verify-full&sslrootcert=/no/such.crt", local),
    expected: /^the file \/no\/such.crt of sslrootcert cannot be read \(ENOENT\)/,
  },
];
