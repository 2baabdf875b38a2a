import { toTls, trust, variables, type Way } from "./way.ts";

/** By where the server is, and which of several is used. */
export const placeWays: readonly Way[] = [
  {
    what: "IPv6 in a URL",
    given: (at) =>
      `postgres://by_scram:secret@[::1]:${at.tls.port}/by_scram?sslmode=verify-full&${trust(at)}`,
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOST",
    given: variables(() => ({ PGHOST: "::1" })),
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOST, in brackets",
    given: variables(() => ({ PGHOST: "[::1]" })),
    expected: "encrypted",
    psql: null,
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOSTADDR",
    given: variables(() => ({ PGHOSTADDR: "::1" })),
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "a socket in PGHOST",
    given: variables(({ tls }) => ({ PGHOST: tls.socketFolder, PGSSLMODE: "require" })),
    expected: "in the clear",
  },
  {
    what: "a socket in a URL's host",
    given: ({ tls }) =>
      `postgres://by_scram:secret@${encodeURIComponent(tls.socketFolder)}:${tls.port}/by_scram`,
    expected: "in the clear",
  },
  {
    what: "a socket in a URL's parameters",
    given: ({ tls }) => `postgresql://by_scram:secret@/by_scram?host=${tls.socketFolder}&port=${tls.port}`,
    expected: "in the clear",
  },
  {
    what: "several hosts, the first is down",
    given: ({ tls }) => `postgres://by_scram:secret@127.0.0.1:1,localhost:${tls.port}/by_scram`,
    expected: "encrypted",
  },
  {
    what: "several hosts in PGHOST and PGPORT",
    given: variables(({ tls }) => ({ PGHOST: "127.0.0.1,localhost", PGPORT: `1,${tls.port}` })),
    expected: "encrypted",
  },
  {
    what: "several hosts, all down",
    given: () => "postgres://a:b@127.0.0.1:1,[::1]:1/c",
    expected: /^none of the hosts serves: 127.0.0.1:1: .*; \[::1\]:1: /,
  },
  {
    what: "several hosts, one that takes no writes is passed",
    given: ({ tls, plain }) =>
      `postgres://by_scram:secret@127.0.0.1:${plain.port},127.0.0.1:${tls.port}/one_writes`,
    expected: "encrypted",
    psql: "in the clear",
  },
  {
    what: "several hosts, any of them",
    given: ({ tls, plain }) =>
      `postgres://by_scram:secret@127.0.0.1:${plain.port},127.0.0.1:${tls.port}/one_writes?target_session_attrs=any`,
    expected: "in the clear",
  },
  {
    what: "a standby, where there is none",
    given: toTls("?target_session_attrs=standby"),
    expected: /a server that takes writes, and target_session_attrs is standby/,
  },
  {
    what: "read-write, a role that only reads",
    given: toTls("?target_session_attrs=read-write&options=-c%20default_transaction_read_only%3Don"),
    expected: /read-only, and target_session_attrs is read-write/,
  },
  {
    what: "rather a standby, where there is none",
    given: toTls("?target_session_attrs=prefer-standby"),
    expected: "encrypted",
  },
  {
    what: "more ports than hosts",
    given: variables(() => ({ PGPORT: "1,2" })),
    expected: /^PGPORT: expected one port, or one for each of the 1 hosts/,
  },
  {
    what: "a port that is none",
    given: variables(() => ({ PGPORT: "54x" })),
    expected: /^PGPORT: expected a whole number from 1 to 65535/,
  },
];
