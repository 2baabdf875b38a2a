import { createAnswerReader } from "../../../services/worker/http/answer-reader.ts";
import { median } from "../host/percentile.ts";

// Whether a parser that others keep is quicker than ours: llhttp, as Bun builds it into node:http, with no more around it than an answer
// needs: its headers by name, joined where they come twice, and its body.

type Parser = {
  readonly initialize: (kind: number, resource: object, headLimitBytes: number) => void;
  readonly execute: (bytes: Buffer) => number | Error;
  [event: number]: (...args: never[]) => number | undefined;
};
/** What it tells of a head. */
type HeadersComplete = [
  major: number,
  minor: number,
  headers: readonly string[],
  method: unknown,
  url: unknown,
  status: number,
];
type Internals = {
  readonly HTTPParser: {
    new (): Parser;
    readonly RESPONSE: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
  };
};

type Answer = { status: number; readonly fields: Map<string, string>; body: string };

/** Gives a reader of whole answers by llhttp. */
function createLlhttpReader(): (bytes: Buffer) => Answer {
  const { HTTPParser } = process.getBuiltinModule("node:_http_common") as unknown as Internals;
  const parser = new HTTPParser();
  let answer: Answer = { status: 0, fields: new Map(), body: "" };
  parser[HTTPParser.kOnHeadersComplete] = (...told: HeadersComplete) => {
    const [, , headers, , , status] = told;
    const fields = new Map<string, string>();
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = (headers[at] ?? "").toLowerCase();
      const value = headers[at + 1] ?? "";
      const before = fields.get(name);
      fields.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    answer = { status, fields, body: "" };
    return 0;
  };
  parser[HTTPParser.kOnBody] = (bytes: Buffer) => {
    answer.body += bytes.toString();
    return undefined;
  };
  return (bytes) => {
    parser.initialize(HTTPParser.RESPONSE, {}, 65_536);
    parser.execute(bytes);
    return answer;
  };
}

const ordinary = Buffer.from(
  [
    "HTTP/1.1 200 OK",
    "Content-Type: application/json",
    "X-Job-Id: 12345",
    "X-Worker-Id: worker-1",
    "X-Database-Id: 5b720132-17d5-424d-9bcb-ee7b17c13d43",
    "Date: Tue, 01 Dec 2026 17:00:00 GMT",
    "Content-Length: 17",
    "",
    '{"complete":true}',
  ].join("\r\n"),
);

const answersARound = 20_000;

/** CPU of this process for one ordinary answer, in µs: the median of rounds in turn. */
export function compareWithLlhttp(rounds: number): { readonly oursUs: number; readonly llhttpUs: number } {
  const read = createLlhttpReader();
  const ways = [() => createAnswerReader().push(ordinary), () => read(ordinary)];
  const perRound = ways.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [n, way] of ways.entries()) {
      const before = process.cpuUsage();
      for (let count = 0; count < answersARound; count++) way();
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round > 0) perRound[n]?.push((user + system) / answersARound);
    }
  }
  const [oursUs = 0, llhttpUs = 0] = perRound.map((all) => median(all));
  return { oursUs, llhttpUs };
}
