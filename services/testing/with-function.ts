/** A request that a test's function received. */
export type Received = {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  /** Aborted when the worker gave the request up. */
  readonly signal: AbortSignal;
};

/** A function of a test's own, on a real server. */
export type TestFunction = AsyncDisposable & {
  /** Base URL without a slash at its end. */
  readonly url: string;
  readonly requests: Received[];
};

/** Gives a function that keeps what it receives and answers as told. */
export async function withFunction(
  answer: (request: Received) => Response | Promise<Response> = () => Response.json({ complete: true }),
): Promise<TestFunction> {
  const requests: Received[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const received = {
        path: pathname + search,
        headers: request.headers,
        body: await request.text(),
        signal: request.signal,
      };
      requests.push(received);
      return answer(received);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
