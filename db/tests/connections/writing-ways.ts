import { local, toTls, type Way } from "./way.ts";

/** By how the settings are written, and whose words they use. */
export const writingWays: readonly Way[] = [
  {
    what: "words, as Azure and RDS write them",
    given: ({ tls }) =>
      `host=localhost port=${tls.port} dbname=by_scram user=by_scram password='secret' sslmode=verify-full sslrootcert='${tls.file("ca.crt")}'`,
    expected: "encrypted",
  },
  {
    what: "a password with every sign, encoded",
    given: ({ tls }) =>
      `postgres://by_password:${encodeURIComponent("secret")}@127.0.0.1:${tls.port}/by_scram`,
    expected: "encrypted",
  },
  {
    what: "a lone % in a password",
    given: toTls("", "by_scram:50%off@127.0.0.1"),
    expected: /^DATABASE_URL: there is a lone % in its password: write %25 for it$/,
  },
  {
    what: "a % that is no UTF-8",
    given: toTls("", "by_scram:%E4@127.0.0.1"),
    expected: /^DATABASE_URL: what stands behind a % in its password is not UTF-8$/,
    psql: /./,
  },
  {
    what: "a lone % in a parameter",
    given: toTls("?application_name=100%"),
    expected: /^DATABASE_URL: there is a lone % in application_name/,
  },
  { what: "IPv6 without brackets", given: () => "postgres://a:b@::1:5432/c", expected: /brackets/ },
  { what: "JDBC: ssl=true", given: toTls("?ssl=true"), expected: "encrypted" },
  { what: "other clients: ssl=false", given: toTls("?ssl=false"), expected: "in the clear", psql: null },
  {
    what: "Prisma: sslaccept=strict",
    given: toTls("?sslaccept=strict&sslmode=require", local),
    expected: /self.signed certificate/,
    psql: null,
  },
  {
    what: "Prisma and poolers",
    given: toTls("?pgbouncer=true&schema=public&connection_limit=1&pool_timeout=0&statement_cache_size=0"),
    expected: "encrypted",
    psql: null,
  },
  {
    what: "keepalives",
    given: toTls(
      "?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=5000",
    ),
    expected: "encrypted",
  },
  {
    what: "names of its own, a timeout, settings",
    given: toTls(
      "?application_name=mine&connect_timeout=10&options=-c%20statement_timeout%3D5s&gssencmode=disable",
    ),
    expected: "encrypted",
  },
  {
    what: "a mode that is none",
    given: toTls("?sslmode=on"),
    expected: /^DATABASE_URL: sslmode: expected disable, .*, and not "on"$/,
  },
  {
    what: "a slip in what keeps it safe",
    given: toTls("?sslmod=require"),
    expected: /^DATABASE_URL: sslmod cannot be honoured: no such parameter is known$/,
  },
  {
    what: "encryption by Kerberos",
    given: toTls("?gssencmode=require"),
    expected: /^DATABASE_URL: gssencmode: encryption by Kerberos cannot be honoured/,
  },
  {
    what: "TLS at once",
    given: toTls("?sslmode=require&sslnegotiation=direct"),
    expected: "encrypted",
    psql: null,
  },
  {
    what: "TLS at once, a weak mode",
    given: toTls("?sslnegotiation=direct"),
    expected: /^DATABASE_URL: sslnegotiation: expected sslmode to be require/,
    psql: null,
  },
  {
    what: "a version of TLS",
    given: toTls("?sslmode=require&ssl_min_protocol_version=TLSv1.3"),
    expected: "encrypted",
  },
];
