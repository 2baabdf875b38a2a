import * as fc from "fast-check";
import { header } from "../../../functions/protocol/headers.ts";
import { oddBytes, oddNames, oddValues } from "./odd-values.ts";
import { socketBytes } from "./socket-requests.ts";

/** Tokens that a generated request may carry. None of them, in such a request, may change anything. */
export type Tokens = {
  readonly jobId: string;
  /** The token of a lease that holds. It comes only with what is refused for another reason. */
  readonly good: string;
  /** Signed as ours are, for a lease that has passed on. */
  readonly passedOn: string;
};

/** A request that no worker or function of ours would send, by fetch or as bytes on a socket. */
export type MalformedRequest =
  | {
      readonly by: "fetch";
      readonly method: string;
      readonly path: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: Uint8Array<ArrayBuffer> | null;
    }
  | { readonly by: "socket"; readonly bytes: Uint8Array<ArrayBuffer> };

const weightOfSockets = 1;
const weightOfFetches = 3;

/** Gives an arbitrary of malformed requests. */
export function malformedRequests(tokens: Tokens): fc.Arbitrary<MalformedRequest> {
  const byFetch = fc.oneof(
    { weight: 4, arbitrary: strangers(tokens) },
    { weight: 1, arbitrary: insiders(tokens) },
  );
  return fc.oneof(
    { weight: weightOfFetches, arbitrary: byFetch },
    { weight: weightOfSockets, arbitrary: socketBytes.map((bytes) => ({ by: "socket", bytes }) as const) },
  );
}

const methods = fc.constantFrom(
  "POST",
  "POST",
  "POST",
  "POST",
  "GET",
  "HEAD",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
);
const someHeaders = fc.array(fc.tuple(oddNames, oddValues), { maxLength: 12 });
const text = (value: string) => new TextEncoder().encode(value);

const notJson = fc.oneof(
  fc
    .constantFrom(
      "{",
      '{"status":',
      "undefined",
      "\u0000",
      '{"a":1}}',
      "'x'",
      "<xml/>",
      "[1,",
      '"\\ud800',
      "{'status':1}",
    )
    .map(text),
  oddBytes.filter((body) => body.some((byte) => byte > 0xf4)),
);
const bodies = fc.oneof(
  notJson,
  fc.json({ maxDepth: 4 }).map(text),
  fc
    .record(
      { status: oddValues, error: fc.jsonValue(), message: fc.jsonValue(), progress: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((body) => text(JSON.stringify(body))),
  fc.record({ to: oddValues, subject: fc.jsonValue() }).map((body) => text(JSON.stringify(body))),
  fc.constantFrom(text("[".repeat(20_000)), text("\ufeff{}"), new Uint8Array([0x1f, 0x8b, 0x08, 0x00])),
  fc.constant(null),
);
const tooLarge = fc.constant(new Uint8Array(300_000).fill(0x20));
const segments = fc.oneof(
  fc.constantFrom(
    "",
    "callback",
    "target",
    "healthz",
    "readyz",
    "%",
    "%zz",
    "..%2f",
    "%00",
    "a".repeat(3000),
    "é",
  ),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
);
const paths = fc.array(segments, { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);

/** Requests of somebody who has no token, or a wrong one. */
function strangers({ jobId, good, passedOn }: Tokens): fc.Arbitrary<MalformedRequest> {
  const forged = fc.constantFrom(
    "",
    "x",
    good.slice(0, -1),
    `${good}x`,
    good.toUpperCase(),
    good.replace(".", ""),
    passedOn,
    good.split(".")[0] ?? "",
    `${good.slice(0, -2)}AA`,
    " ",
    "%00",
    "'--",
    `${passedOn}&token=`,
  );
  const query = fc.oneof(
    forged.map((token) => `?token=${token}`),
    fc.constantFrom("", "?", "?token", "?TOKEN=1", "?token=%", "?token[]=1"),
    oddValues.map((value) => `?token=${encodeURIComponent(value)}`),
  );
  const ids = fc.oneof(fc.constant(jobId), oddValues);
  const caller = fc
    .record({ job: ids, worker: oddValues })
    .map(({ job, worker }): (readonly [string, string])[] => [
      [header.jobId, job],
      [header.workerId, worker],
    ]);
  return fc
    .record({
      method: methods,
      path: paths,
      query,
      caller: fc.option(caller, { nil: [] }),
      more: someHeaders,
      body: bodies,
    })
    .filter(({ query: given }) => given !== `?token=${good}`)
    .map(({ method, path, query: given, caller: who, more, body }) => ({
      by: "fetch",
      method,
      path: path + given,
      headers: [...who, ...more],
      body: method === "GET" || method === "HEAD" ? null : body,
    }));
}

/** Requests with a token that we signed, which are refused for its lease, their body, their method, or a header that is missing. */
function insiders({ jobId, good, passedOn }: Tokens): fc.Arbitrary<MalformedRequest> {
  const who = [
    [header.jobId, jobId],
    [header.workerId, "somebody"],
  ] as const;
  const make = (
    method: string,
    headers: readonly (readonly [string, string])[],
    body: Uint8Array<ArrayBuffer> | null,
  ) => ({ by: "fetch", method, path: `/callback?token=${good}`, headers, body }) as const;
  return fc.oneof(
    { weight: 6, arbitrary: notJson.map((body) => make("POST", who, body)) },
    {
      weight: 3,
      arbitrary: bodies.map((body) => ({ ...make("POST", who, body), path: `/callback?token=${passedOn}` })),
    },
    { weight: 1, arbitrary: tooLarge.map((body) => make("POST", who, body)) },
    { weight: 3, arbitrary: bodies.map((body) => make("POST", who.slice(0, 1), body)) },
    { weight: 3, arbitrary: bodies.map((body) => make("PUT", who, body)) },
    {
      weight: 3,
      arbitrary: oddValues
        .filter((id) => id.trim() !== jobId)
        .map((id) =>
          make(
            "POST",
            [
              [header.jobId, id],
              [header.workerId, "x"],
            ],
            null,
          ),
        ),
    },
  );
}
