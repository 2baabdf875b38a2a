import type { PostgresWays } from "../../../services/testing/with-postgres-ways.ts";
import type { DatabaseSettings } from "../../client/connect.ts";

/** The servers. */
export type Place = { readonly tls: PostgresWays; readonly plain: PostgresWays };
/** What the server says of the connection, or what the error says. */
export type Expected = "encrypted" | "in the clear" | RegExp;
/** A way to say how to connect. */
export type Way = {
  readonly what: string;
  readonly given: (place: Place) => DatabaseSettings | string;
  readonly expected: Expected;
  /** What psql does where it is not the same, or null where older ones do not know of it. */
  readonly psql?: Expected | null;
  readonly needsIpv6?: boolean;
};

/** Who asks, and where, unless a way says otherwise. */
export const scram = "by_scram:secret@127.0.0.1";
/** A URL to the server with TLS. */
export const toTls =
  (query: string, who = scram) =>
  ({ tls }: Place) =>
    `postgres://${who}:${tls.port}/by_scram${query}`;
/** A URL to the server without. */
export const toPlain =
  (query: string) =>
  ({ plain }: Place) =>
    `postgres://${scram}:${plain.port}/by_scram${query}`;
/** The variables of a connection to the server with TLS, and more. */
export const variables = (more: (place: Place) => DatabaseSettings) => (place: Place) => ({
  PGHOST: "localhost",
  PGPORT: String(place.tls.port),
  PGUSER: "by_scram",
  PGPASSWORD: "secret",
  PGDATABASE: "by_scram",
  ...more(place),
});
/** The parameter that trusts its CA. */
export const trust = ({ tls }: Place) => `sslrootcert=${tls.file("ca.crt")}`;
/** The same by the name that its certificate has. */
export const local = "by_scram:secret@localhost";
