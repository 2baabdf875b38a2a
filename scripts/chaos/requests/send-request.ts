import { connect } from "node:net";
import type { MalformedRequest } from "./malformed-request.ts";

/** A server that neither answers nor hangs up within this is left. */
const patienceMs = 2_000;

/** Sends a request to a port of 127.0.0.1 and gives the statuses that came back: none where the connection was closed without one. */
export async function sendRequest(port: number, request: MalformedRequest): Promise<readonly number[]> {
  return request.by === "socket" ? sendBytes(port, request.bytes) : sendByFetch(port, request);
}

async function sendByFetch(port: number, request: MalformedRequest & { by: "fetch" }): Promise<number[]> {
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  // Names of other hosts and hop-by-hop headers are sent on sockets, where no client corrects them.
  for (const name of ["Transfer-Encoding", "Expect", "Upgrade", "TE"]) headers.delete(name);
  try {
    const response = await fetch(`http://127.0.0.1:${port}${request.path}`, {
      method: request.method,
      headers,
      body: request.body,
      redirect: "manual",
      decompress: false,
      signal: AbortSignal.timeout(patienceMs * 5),
    });
    await response.arrayBuffer();
    return [response.status];
  } catch {
    return [];
  }
}

function sendBytes(port: number, bytes: Uint8Array): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(timer);
      resolve([...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status)));
    });
    socket.on("connect", () => socket.end(bytes));
  });
}
