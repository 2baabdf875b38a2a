import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { arrayBuffer } from "node:stream/consumers";
import { createLog, writeToConsole } from "../kit/log.ts";

type Handler = (request: Request, env: Readonly<Record<string, unknown>>) => Promise<Response>;

/** Serves a fetch handler under Node on a free port: what `@hono/node-server` does, in as few lines as a test needs. */
export function serve(handler: Handler): void {
  const server = createServer((incoming, outgoing) => void answer(handler, incoming, outgoing));
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    createLog(writeToConsole).info("ready", { port: typeof address === "object" ? address?.port : 0 });
  });
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const response = await handler(await requestOf(incoming, gone.signal), process.env);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

async function requestOf(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const { method = "GET", url = "/" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://function.test${url}`, {
    method,
    headers,
    signal,
    ...(hasBody ? { body: await arrayBuffer(incoming) } : {}),
  });
}
