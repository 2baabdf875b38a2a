import { withAbsoluteUrl } from "#protocol/with-absolute-url";

/** What can be served: a Hono app, or anything else with a standard fetch function. */
export type Servable = { readonly fetch: (request: Request) => Response | Promise<Response> };

/** Where to listen, and how to name it in an error. */
export type ServeOptions = {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Address to bind; all of them when not given. */
  readonly host?: string | undefined;
  /** How long a connection may be silent, in seconds (60; Bun's own default is 10); 0 for as long as it likes. */
  readonly idleSeconds?: number;
  /** Environment variable that sets the port. */
  readonly variable: string;
  /** The part as a person calls it, such as "the callback server". */
  readonly what: string;
};

/** A server that is listening. */
export type Server = {
  readonly port: number;
  /** Takes no more requests, lets those under way finish, and resolves when they have; `true` cuts them off. */
  readonly stop: (now?: boolean) => Promise<void>;
};

/** Why a part cannot start, in one line for a person. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * Serves an app over HTTP.
 *
 * @throws StartError when the port is taken or may not be used; it names the variable.
 */
export function serve(app: Servable, { port, host, idleSeconds = 60, variable, what }: ServeOptions): Server {
  try {
    const server = Bun.serve({
      port,
      idleTimeout: idleSeconds,
      ...(host === undefined ? {} : { hostname: host }),
      fetch: (request) => app.fetch(withAbsoluteUrl(request)),
    });
    return { port: server.port ?? port, stop: async (now = false) => server.stop(now) };
  } catch (cause) {
    throw new StartError(`Cannot start ${what}: ${portFault(cause, port)}`.replace("VARIABLE", variable), {
      cause,
    });
  }
}

function portFault(cause: unknown, port: number): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE")
    return `port ${port} is taken. Set VARIABLE to another, or stop what listens there.`;
  if (code === "EACCES") return `port ${port} needs more rights. Set VARIABLE to one above 1023.`;
  return `port ${port} cannot be used (${cause instanceof Error ? cause.message : String(cause)}). Set VARIABLE to another.`;
}
