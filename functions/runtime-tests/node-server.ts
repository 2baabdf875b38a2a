import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { arrayBuffer } from "node:stream/consumers";
import { createLog, writeToConsole } from "../kit/log.ts";
import { sendEmailLink } from "../send-email-link/index.ts";

// Serves the function under Node: what `@hono/node-server` does, in as few lines as a test needs.
const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const response = await sendEmailLink.fetch(await requestOf(incoming), process.env);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const { method = "GET", url = "/" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://function.test${url}`, {
    method,
    headers,
    ...(hasBody ? { body: await arrayBuffer(incoming) } : {}),
  });
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  createLog(writeToConsole).info("ready", { port: typeof address === "object" ? address?.port : 0 });
});
