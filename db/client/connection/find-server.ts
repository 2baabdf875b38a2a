import type { ConnectionOptions } from "node:tls";
import { openSession } from "./open-session.ts";
import { socketPath, tlsOptions } from "./open-transport.ts";
import { passwordFor } from "./password-file.ts";
import { readTarget } from "./read-target.ts";
import type { DatabaseSettings } from "./read-values.ts";

/** A server that has just taken us in, in the words of node-postgres. */
export type FoundServer = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
  readonly options?: string;
};

/**
 * Finds the server that the settings lead to, and how it is reached, for libraries that open their own connections and know less of
 * libpq's settings.
 *
 * @throws the fault of the connection.
 */
export async function findServer(settings: DatabaseSettings): Promise<FoundServer> {
  const target = readTarget(settings);
  const { socket, host, isEncrypted } = await openSession(target, {
    parameters: { application_name: "jobs-start" },
    withinSeconds: 10,
    signal: new AbortController().signal,
  });
  socket.destroy();
  return {
    host: socketPath(host) === undefined ? (host.address ?? host.name) : host.name,
    port: host.port,
    user: target.user,
    password: (await passwordFor(target, host)) ?? "",
    database: target.database,
    ssl: isEncrypted ? tlsOptions(host, target.tls) : false,
    ...(target.options === undefined ? {} : { options: target.options }),
  };
}
