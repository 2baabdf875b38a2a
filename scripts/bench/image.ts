import { withGraphql } from "../../functions/testing/graphql-server.ts";
import { withMailgun } from "../../functions/testing/mailgun-server.ts";
import { testDatabaseId } from "../../functions/testing/post-job.ts";
import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { temporaryFolder } from "../options/temporary-folder.ts";
import { measureWays, type WayFigure } from "./image/measure-way.ts";
import { prepareWays } from "./image/ways.ts";

// What goes into the image of a function: an executable, bundled JavaScript or sources, by size, start and memory.

const values = readOptions({
  starts: { type: "string", default: "15" },
  mails: { type: "string", default: "1000" },
  json: { type: "boolean", default: false },
});
await using folder = await temporaryFolder("bench-image-");
await using graphql = withGraphql("id", {});
await using mailgun = withMailgun();
const settings = {
  PORT: "0",
  GRAPHQL_URL: graphql.url,
  MAILGUN_API_KEY: "key-test",
  MAILGUN_DOMAIN: "mg.acme.test",
  MAILGUN_FROM: "no-reply@mg.acme.test",
  MAILGUN_BASE_URL: mailgun.url,
};
const load = {
  starts: readNumber("--starts", values.starts),
  mails: readNumber("--mails", values.mails),
  settings,
  send,
};
const figures = await measureWays(await prepareWays("send-email-link", folder.path), load);
if (mailgun.sent.length !== figures.length * load.mails) throw new Error("Not every mail was sent.");

if (values.json) console.log(JSON.stringify({ bun: Bun.version, figures }));
else {
  console.log(`send-email-link, Bun ${Bun.version}; ${values.starts} starts, ${values.mails} mails`);
  console.table(
    figures.map((figure) => ({
      way: figure.way,
      MB: mb(figure.bytes),
      "MB gzip": mb(figure.gzip),
      "best ms": round(figure.bestMs),
      "median ms": round(figure.medianMs),
      "MiB at start": mib(figure.bytesAtStart),
      "MiB after": mib(figure.bytesAfter),
      "CPU ms a mail": figure.cpuMs.toFixed(2),
    })),
  );
  printGoals(figures[0]);
}

/** Sends one job for an invitation, as the worker does. */
async function send(url: string, id: number): Promise<void> {
  const headers = { "Content-Type": "application/json", "X-Job-Id": String(id), "X-Worker-Id": "bench" };
  const body = {
    email_type: "invite_email",
    email: "b@c.test",
    invite_token: `t${id}`,
    sender_id: testDatabaseId,
  };
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "X-Database-Id": testDatabaseId, "Idempotency-Key": `bench-${id}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`Job ${id} failed: ${await response.text()}`);
}

/** Says of each goal what came of it. */
function printGoals(ours: WayFigure | undefined): void {
  if (ours === undefined) return;
  const goals: [string, boolean][] = [
    [`A first answer within 20 ms: ${round(ours.medianMs)} ms (median)`, ours.medianMs <= 20],
    [`Below 48 MiB after the mails: ${mib(ours.bytesAfter)} MiB`, ours.bytesAfter < 48 * 1024 ** 2],
    [`Below 65 MB compressed: ${mb(ours.gzip)} MB (bun run images adds its base)`, ours.gzip < 65e6],
  ];
  for (const [goal, isMet] of goals) console.log(`${isMet ? "met" : "NOT MET"}  ${goal}`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function mb(bytes: number): number {
  return round(bytes / 1e6);
}

function mib(bytes: number): number {
  return round(bytes / 1024 ** 2);
}
