import { createServer, type Socket } from "node:net";

// The function of noisy neighbours, in a process of its own. Prints its port. The last segment of a POST's URL says how it
// answers; GET gives how many calls of each came, `{"fine": 12}`; DELETE lets go of everybody who still waits for an answer.

type Act = (socket: Socket, head: string) => void;

const empty = "Content-Length: 0\r\n\r\n";
const answer =
  (head: string, afterMs = 0): Act =>
  (socket) => {
    if (afterMs === 0) socket.write(`HTTP/1.1 ${head}\r\n${empty}`);
    else setTimeout(() => socket.write(`HTTP/1.1 ${head}\r\n${empty}`), afterMs);
  };

const acts: Readonly<Record<string, Act>> = {
  fine: answer("200 OK"),
  busy: answer("200 OK", 200),
  slow: answer("200 OK", 1_500),
  accepts: answer("202 Accepted"),
  fails: answer("500 Internal Server Error"),
  dies: answer("410 Gone"),
  down: answer("503 Service Unavailable"),
  years: answer("503 Service Unavailable\r\nRetry-After: 999999999"),
  limits: answer("429 Too Many Requests\r\nRetry-After: 999999999"),
  never: () => {},
  resets: (socket) => socket.resetAndDestroy(),
  drips: (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 20);
    socket.once("close", () => clearInterval(timer));
  },
  continues: (socket) => writeOn(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
  headers: (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    writeOn(socket, `X-More: ${"x".repeat(1_000)}\r\n`.repeat(10));
  },
  brackets: (socket) =>
    socket.write(
      `HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 64000\r\n\r\n${"[".repeat(64_000)}`,
    ),
  reports: (socket, head) => {
    socket.write(`HTTP/1.1 202 Accepted\r\n${empty}`);
    const url = new URL(valueOf(head, "x-callback-url"));
    if (url.pathname === "/") url.pathname = "/callback";
    const headers = {
      "Content-Type": "application/json",
      "X-Worker-Id": valueOf(head, "x-worker-id"),
      "X-Job-Id": valueOf(head, "x-job-id"),
    };
    const report = { method: "POST", headers, body: '{"status":"running","progress":0.4}' };
    const timer = setInterval(() => {
      fetch(url, report).catch(() => clearInterval(timer));
    }, 10);
  },
  huge: (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
    writeOn(socket, "x".repeat(1_000_000));
  },
  chunks: (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    writeOn(socket, `1;${"x".repeat(4_000)}\r\nx\r\n`.repeat(100));
  },
};

/** Gives a header's value; the empty text where it is not there. */
function valueOf(head: string, name: string): string {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, "i").exec(head)?.[1] ?? "";
}

/** Writes the same again and again, as fast as it is read. */
function writeOn(socket: Socket, text: string): void {
  const write = () => {
    if (!socket.destroyed) socket.write(text, () => setImmediate(write));
  };
  write();
}

const calls = new Map<string, number>();
const sockets = new Set<Socket>();

createServer((socket) => {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  socket.on("error", () => socket.destroy());
  let head = "";
  let bodyLeft = 0;
  socket.on("data", (data: Buffer) => {
    if (bodyLeft === 0) {
      head += data.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4);
    } else bodyLeft -= data.length;
    if (bodyLeft > 0) return;
    bodyLeft = 0;
    heed(socket, head);
    head = "";
  });
}).listen(0, "127.0.0.1", function (this: { address: () => unknown }) {
  const address = this.address();
  if (typeof address === "object" && address !== null && "port" in address) console.log(address.port);
});

function heed(socket: Socket, head: string): void {
  const [method, path = ""] = head.split(" ", 2);
  if (method === "POST") {
    const task = path.slice(path.lastIndexOf("/") + 1);
    calls.set(task, (calls.get(task) ?? 0) + 1);
    // What follows a dash only tells tasks of one manner apart.
    acts[task.split("-", 1)[0] ?? ""]?.(socket, head);
    return;
  }
  if (method === "DELETE") for (const other of sockets) if (other !== socket) other.destroy();
  const body = JSON.stringify(Object.fromEntries(calls));
  socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}
