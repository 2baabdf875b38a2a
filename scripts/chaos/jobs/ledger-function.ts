import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Deed, PlannedJob } from "./plan-jobs.ts";

/** One call of the function. Times are in ms since the process began. */
export type Call = {
  readonly n: number;
  /** X-Worker-Id. */
  readonly worker: string;
  /** X-Job-Attempt. */
  readonly attempt: number;
  /** What tells its lease from others of the job: the callback's URL, which has its token. */
  readonly lease: string;
  readonly at: number;
  /** What it said at last, and when: undefined where it said nothing. */
  said?: "success" | "failure" | "refused";
  saidAt?: number;
  /** What came of its callback, where it answered 202 and made one; "lost" where none of its tries was answered. */
  callback?: "taken" | "refused" | "lost";
  /** When that was. */
  callbackAt?: number;
};

/** The function of a chaos run, with its ledger: every call, in order, kept outside the database. */
export type LedgerFunction = AsyncDisposable & {
  readonly port: number;
  readonly calls: readonly Call[];
  /** When a job was last called, or undefined. */
  readonly lastCallAt: (n: number) => number | undefined;
  /** Calls that said success so far. */
  readonly successes: () => number;
  /** Tries of callbacks by the status that answered them; 0 for none. */
  readonly callbacks: ReadonlyMap<number, number>;
};

const slowMs = [150, 300, 450, 600] as const;
const callbackTries = 8;

/** Starts the function on a free port of 127.0.0.1. */
export async function startLedgerFunction(jobs: readonly PlannedJob[]): Promise<LedgerFunction> {
  const calls: Call[] = [];
  const callsOf = new Map<number, number>();
  const lastCalls = new Map<number, number>();
  let successes = 0;
  const callbacks = new Map<number, number>();
  const over = new AbortController();
  const rest = (ms: number) => pause(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const count = (status: number) => callbacks.set(status, (callbacks.get(status) ?? 0) + 1);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on("error", () => undefined);
    const n = await readNumber(request);
    if (n === null) return void response.destroy();
    const place = callsOf.get(n) ?? 0;
    callsOf.set(n, place + 1);
    const call = callOf(request, n);
    calls.push(call);
    lastCalls.set(n, call.at);
    const script = jobs[n]?.script ?? [];
    const deed = script.includes("refuse for good") ? "refuse for good" : (script[place] ?? "succeed");
    if (deed === "succeed slowly") await rest(slowMs[n % slowMs.length] ?? slowMs[0]);
    perform(deed, call, response);
    if (deed === "accept and call back") {
      await rest(slowMs[n % slowMs.length] ?? slowMs[0]);
      say(call, "success");
      call.callback = "lost";
      for (let tries = 0; tries < callbackTries && !over.signal.aborted; tries++) {
        const status = await callBack(request);
        count(status);
        if (status !== 0 && status < 500) {
          call.callback = status === 200 ? "taken" : "refused";
          call.callbackAt = performance.now();
          break;
        }
        await rest(150);
      }
    }
    if (call.said === "success") successes += 1;
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The function has no port.");
  return {
    port: address.port,
    calls,
    lastCallAt: (n) => lastCalls.get(n),
    successes: () => successes,
    callbacks,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function callOf(request: IncomingMessage, n: number): Call {
  return {
    n,
    worker: text(request, "x-worker-id"),
    attempt: Number(text(request, "x-job-attempt")),
    lease: text(request, "x-callback-url"),
    at: performance.now(),
  };
}

/** Answers, or fails to. A success counts as said before it is sent: whether it arrived, nobody can know. */
function perform(deed: Deed, call: Call, response: ServerResponse): void {
  switch (deed) {
    case "succeed":
    case "succeed slowly":
      say(call, "success");
      return void response.writeHead(200).end("{}");
    case "answer 500":
      say(call, "failure");
      return void response.writeHead(500).end('{"error":"as the script has it"}');
    case "answer 429":
      say(call, "failure");
      return void response.writeHead(429, { "Retry-After": "1" }).end();
    case "refuse for good":
      say(call, "refused");
      return void response.writeHead(410).end('{"error":"never"}');
    case "accept and call back":
    case "accept and forget":
      return void response.writeHead(202).end();
    case "close early":
      return void response.socket?.destroy();
    case "close within the answer":
      response.writeHead(200, { "Content-Length": "100" }).write("half");
      return void setTimeout(() => response.socket?.destroy(), 5);
    case "hang":
  }
}

function say(call: Call, what: NonNullable<Call["said"]>): void {
  call.said = what;
  call.saidAt = performance.now();
}

async function callBack(request: IncomingMessage): Promise<number> {
  try {
    const response = await fetch(text(request, "x-callback-url"), {
      method: "POST",
      headers: { "X-Job-Id": text(request, "x-job-id"), "X-Worker-Id": text(request, "x-worker-id") },
      signal: AbortSignal.timeout(2_000),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

async function readNumber(request: IncomingMessage): Promise<number | null> {
  try {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const payload: unknown = JSON.parse(body);
    const n = typeof payload === "object" && payload !== null ? Reflect.get(payload, "n") : null;
    return typeof n === "number" ? n : null;
  } catch {
    return null;
  }
}

function text(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? "");
}
