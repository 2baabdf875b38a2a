/** A server of a test, on a free port of this machine; it stops when it leaves its scope. */
export type TestServer = AsyncDisposable & { readonly url: string };

/** Serves a fetch handler for one test. */
export function withServer(
  handler: (request: Request) => Response | Promise<Response>,
): TestServer & AsyncDisposable {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: handler });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => server.stop(true),
  };
}
