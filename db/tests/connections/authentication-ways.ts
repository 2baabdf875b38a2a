import { toPlain, toTls, type Way } from "./way.ts";

/** By what the server asks for. */
export const authenticationWays: readonly Way[] = [
  {
    what: "Neon: bound to TLS",
    given: toTls("?sslmode=require&channel_binding=require"),
    expected: "encrypted",
  },
  {
    what: "bound to TLS, a server without",
    given: toPlain("?channel_binding=require"),
    expected: /channel_binding is require/,
  },
  {
    what: "bound to TLS, where the server asks for md5",
    given: toTls("?channel_binding=require", "by_md5:secret@127.0.0.1"),
    expected: /channel_binding is require/,
  },
  { what: "not bound", given: toTls("?channel_binding=disable"), expected: "encrypted" },
  { what: "md5", given: toTls("", "by_md5:secret@127.0.0.1"), expected: "encrypted" },
  { what: "a password as it is", given: toTls("", "by_password:secret@127.0.0.1"), expected: "encrypted" },
  { what: "nothing asked", given: toTls("", "by_trust@127.0.0.1"), expected: "encrypted" },
  {
    what: "nothing asked, where that is not accepted",
    given: toTls("?require_auth=scram-sha-256", "by_trust@127.0.0.1"),
    expected: /asks for no authentication, which require_auth does not accept/,
    psql: null,
  },
  {
    what: "md5 is not accepted",
    given: toTls("?require_auth=!md5", "by_md5:secret@127.0.0.1"),
    expected: /asks for authentication by md5/,
    psql: null,
  },
  {
    what: "a certificate",
    given: (at) =>
      toTls(
        `?sslcert=${at.tls.file("client.crt")}&sslkey=${at.tls.file("client.key")}`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: "encrypted",
  },
  {
    what: "a certificate whose key is locked",
    given: (at) =>
      toTls(
        `?sslcert=${at.tls.file("locked.crt")}&sslkey=${at.tls.file("locked.key")}&sslpassword=keyword`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: "encrypted",
  },
  {
    what: "a certificate that is kept back",
    given: (at) =>
      toTls(
        `?sslcertmode=disable&sslcert=${at.tls.file("client.crt")}&sslkey=${at.tls.file("client.key")}`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: /certificate/,
    psql: null,
  },
  {
    what: "no password, where one is asked for",
    given: toTls("", "by_scram@127.0.0.1"),
    expected: /asks for a password, and none is set/,
  },
  {
    what: "a wrong password",
    given: toTls("", "by_scram:wrong@127.0.0.1"),
    expected: /^password authentication failed/,
  },
  {
    what: "a password file",
    given: (at) => toTls(`?passfile=${at.tls.socketFolder}/passwords`, "by_scram@127.0.0.1")(at),
    expected: "encrypted",
  },
  {
    what: "a password file that all may read",
    given: (at) => toTls(`?passfile=${at.tls.socketFolder}/open-passwords`, "by_scram@127.0.0.1")(at),
    expected: /asks for a password/,
  },
];
