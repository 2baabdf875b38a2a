import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Message } from "../../services/mailbox/message.ts";
import { cases } from "./cases.ts";
import { runtimes, type StartedRuntime } from "./start-runtime.ts";
import { withBackEnd } from "./with-back-end.ts";

// Processes start, which takes its time where the machine is busy.
setDefaultTimeout(60_000);

const stack = new AsyncDisposableStack();
let backEnd: Awaited<ReturnType<typeof withBackEnd>>;
const mailsOf = new Map<string, readonly Message[]>();

beforeAll(async () => {
  backEnd = stack.use(await withBackEnd());
});
afterAll(() => stack.disposeAsync());

describe.each(runtimes)("$name", ({ name, program, start }) => {
  if (program === undefined) {
    test.skip(`${name} is not installed here`, () => {});
    return;
  }
  let started: StartedRuntime;
  beforeAll(async () => {
    started = stack.use(await start(backEnd.settings));
  });

  test.each(cases)("answers $name", async (given) => {
    const response = await fetch(started.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...given.headers },
      body: typeof given.payload === "string" ? given.payload : JSON.stringify(given.payload),
    });
    expect([response.status, await response.json()]).toEqual([given.status, given.body]);
    expect(response.headers.get("X-Job-Id")).toBe(given.headers?.["X-Job-Id"] ?? null);

    const mails = await backEnd.takeMails();
    expect(mails.map(({ subject }) => subject)).toEqual(given.subject === undefined ? [] : [given.subject]);
    const first = mailsOf.get(given.name) ?? mails;
    mailsOf.set(given.name, first);
    expect(mails).toEqual(first);
  });

  test("is ready, and says what it is not", async () => {
    expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${started.url}/nothing`)).status).toBe(404);
  });

  test("prints no token and no address", () => {
    expect(started.output()).not.toMatch(/r-1|v-1|bob@|local-key/);
    expect(started.output()).toContain("job completed");
  });
});
