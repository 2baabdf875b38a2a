import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Message } from "../../services/mailbox/message.ts";
import { createSigner } from "../protocol/signature.ts";
import { type Case, sendEmailLinkCases, simpleEmailCases } from "./cases.ts";
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

/** simple-email takes signed requests alone here, so that each runtime's own cryptography is tried. */
const secret = `whsec_${btoa("of the runtime tests alone")}`;

async function signatureOf({ headers = {} }: Case, body: string): Promise<Record<string, string>> {
  const id = headers["Idempotency-Key"] ?? `${headers["X-Database-Id"]}:${headers["X-Job-Id"]}`;
  return createSigner([secret])({ id, timestampSeconds: Math.floor(Date.now() / 1000), body });
}

/** Asks a function one case, and compares its answer with what is due and its mail with the first runtime's. */
async function answers({ url }: StartedRuntime, given: Case): Promise<void> {
  const body = typeof given.payload === "string" ? given.payload : JSON.stringify(given.payload);
  const signature = given.isSigned === true ? await signatureOf(given, body) : {};
  const headers = { "Content-Type": "application/json", ...given.headers, ...signature };
  const response = await fetch(url, { method: "POST", headers, body });
  expect([response.status, await response.json()]).toEqual([given.status, given.body]);
  expect(response.headers.get("X-Job-Id")).toBe(given.headers?.["X-Job-Id"] ?? null);

  const mails = await backEnd.takeMails();
  expect(mails.map(({ subject }) => subject)).toEqual(given.subject === undefined ? [] : [given.subject]);
  const first = mailsOf.get(given.name) ?? mails;
  mailsOf.set(given.name, first);
  expect(mails).toEqual(first);
  for (const part of given.contains ?? []) expect(JSON.stringify(mails)).toContain(part);
}

describe.each(runtimes)("$name", ({ name, program, start }) => {
  if (program === undefined) {
    test.skip(`${name} is not installed here`, () => {});
    return;
  }
  let started: StartedRuntime;
  let simple: StartedRuntime;
  beforeAll(async () => {
    started = stack.use(await start(backEnd.settings));
    simple = stack.use(await start({ ...backEnd.settings, JOBS_SIGNING_SECRETS: secret }, "simple-email"));
  });

  test.each(sendEmailLinkCases)("send-email-link answers $name", (given) => answers(started, given));
  test.each(simpleEmailCases)("simple-email answers $name", (given) => answers(simple, given));

  test("is ready, and says what it is not", async () => {
    expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${started.url}/nothing`)).status).toBe(404);
  });

  test("prints no token and no address", () => {
    expect(started.output()).not.toMatch(/r-1|v-1|bob@|local-key/);
    expect(started.output()).toContain("job completed");
  });
});
