import { ClientError, GraphQLClient } from "graphql-request";
import * as z from "zod";
import { withDeadline } from "../kit/deadline.ts";
import type { Fetch } from "../kit/fetch.ts";
import { JobError, type JobErrorOptions } from "../kit/job-error.ts";
import { readStart } from "../kit/read-start.ts";
import { parseUrl } from "../protocol/parse-url.ts";
import { readableText } from "../protocol/readable-text.ts";
import { retryAfterSeconds } from "../protocol/retry-after.ts";
import type { Endpoint } from "./endpoint.ts";

/** The ways in which servers let one row be asked for (protocol §6), in the order in which they are tried. */
export const dialects = ["id", "condition", "filter", "where"] as const;

/** One way of asking for a row by its id. */
export type Dialect = (typeof dialects)[number];

/** A question in every dialect. */
type Question = {
  readonly operation: string;
  readonly documents: Readonly<Record<Dialect, string>>;
  readonly variables: Readonly<Record<string, string | number>>;
  /** Tenant, for the error message. */
  readonly databaseId: string;
  readonly signal: AbortSignal;
};

/** Asks an endpoint and gives the answer's data. */
export type Ask = (endpoint: Endpoint, question: Question) => Promise<unknown>;

/** No dialect of a question fits the server's schema. */
export class UnfitQuestionError extends JobError {}

/** Longest wait for one answer: these are look-ups by primary key. */
const defaultTimeoutMs = 15_000;

/** Longest answer that is read, in bytes: a site's names, colours and addresses are some KB. */
const answerLimit = 1024 * 1024;

/** Longest wait that a server's Retry-After may ask for, in seconds; the worker has its own cap. */
const longestWaitSeconds = 86_400;

/**
 * Gives a function that asks GraphQL servers of any dialect.
 *
 * A server that does not know a dialect's arguments refuses the whole document before it runs, so the next dialect is tried;
 * the one that worked is remembered for the URL and the operation: by their headers, one URL may lead to two schemas. Errors are
 * JobErrors of one line, without query or variables: a server that says when to come again (429, 503 with Retry-After) makes a "not
 * now" with that wait, and UnfitQuestionError is what no dialect's refusal is.
 */
export function createAsk(fetch: Fetch, timeoutMs: number = defaultTimeoutMs): Ask {
  const known = new Map<string, Dialect>();
  return async (endpoint, question) => {
    const place = `${question.operation} ${endpoint.url}`;
    const first = known.get(place);
    const order =
      first === undefined ? dialects : [first, ...dialects.filter((dialect) => dialect !== first)];
    let refusal: unknown;
    for (const dialect of order) {
      try {
        const answer = await send(endpoint, question, { dialect, fetch, timeoutMs });
        known.set(place, dialect);
        return answer;
      } catch (thrown) {
        if (!isDialectRefused(thrown)) throw failureOf(thrown, endpoint, question);
        refusal = thrown;
      }
    }
    throw new UnfitQuestionError(failureOf(refusal, endpoint, question).message);
  };
}

type SendOptions = { readonly dialect: Dialect; readonly fetch: Fetch; readonly timeoutMs: number };

async function send(
  endpoint: Endpoint,
  question: Question,
  { dialect, fetch, timeoutMs }: SendOptions,
): Promise<unknown> {
  const client = new GraphQLClient(endpoint.url, {
    headers: { ...endpoint.headers },
    fetch: asGlobalFetch(fetch),
  });
  const { documents, variables } = question;
  const data: unknown = await withDeadline(timeoutMs, [question.signal], (signal) =>
    client.request({ document: documents[dialect], variables, signal }),
  );
  if (typeof data !== "object" || data === null) throw new SyntaxError("an answer without data");
  return data;
}

/**
 * The client's type wants all that the runtime's own fetch has; it calls it with a URL and nothing else. No redirect is followed,
 * since fetch takes the question and all headers but Authorization along. The client would read an answer to its end, however long.
 */
function asGlobalFetch(fetch: Fetch): typeof globalThis.fetch {
  const call = async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : input;
    const { body, status, headers } = await fetch(url, { ...init, redirect: "manual" });
    const { text, end } = await readStart(body, answerLimit);
    if (end === "longer") throw new RangeError(`the answer is longer than ${answerLimit / 1024 / 1024} MiB`);
    if (end === "lost") {
      init?.signal?.throwIfAborted();
      throw new TypeError("The connection was lost within the answer");
    }
    return new Response(text === "" ? null : text, { status, headers });
  };
  return Object.assign(call, globalThis.fetch);
}

// graphql-js' words for a document that does not fit the schema; servers that say it with a code use Apollo's.
const unfit =
  /^(Unknown (argument|type|field)|Cannot query field|Field "[^"]+" (is not defined|argument)|Variable "\$\w+" (of type|is never used))/;
const fault = z.object({
  message: z.string().catch(""),
  extensions: z.object({ code: z.unknown() }).optional().catch(undefined),
});

function faultsOf(thrown: unknown): z.infer<typeof fault>[] {
  if (!(thrown instanceof ClientError)) return [];
  return z.array(fault).catch([]).parse(thrown.response.errors);
}

function isDialectRefused(thrown: unknown): boolean {
  const faults = faultsOf(thrown);
  const refused = ({ message, extensions }: z.infer<typeof fault>) =>
    unfit.test(message) || extensions?.code === "GRAPHQL_VALIDATION_FAILED";
  return faults.length > 0 && faults.every(refused);
}

function failureOf(thrown: unknown, endpoint: Endpoint, { operation, databaseId }: Question): JobError {
  const url = parseUrl(endpoint.url);
  // Without its query, and without a password: errors are read by many.
  const place = url === undefined ? "the GraphQL server" : `${url.host}${url.pathname.replace(/\/$/, "")}`;
  // No cause: graphql-request's error repeats query, variables and the whole answer.
  return new JobError(
    `${operation} at ${place} failed for database ${databaseId}: ${reasonOf(thrown)}`,
    notNowOf(thrown),
  );
}

/** A server that has too much to do asked nothing of its data: no attempt is used up, and it is asked again when it says. */
function notNowOf(thrown: unknown): JobErrorOptions {
  if (!(thrown instanceof ClientError)) return {};
  const { status, headers } = thrown.response;
  const given = headers instanceof Headers ? headers.get("Retry-After") : null;
  const wait = retryAfterSeconds(given, { now: new Date(), maxSeconds: longestWaitSeconds });
  if (status === 429 || (status === 503 && wait !== undefined)) return { status, retryAfterSeconds: wait };
  return { retryAfterSeconds: wait };
}

function reasonOf(thrown: unknown): string {
  const [first] = faultsOf(thrown);
  if (first !== undefined) return readableText(first.message, 300) || "a GraphQL error without a message";
  if (thrown instanceof ClientError) {
    const { status } = thrown.response;
    return status >= 200 && status < 300 ? "the answer is not GraphQL" : `HTTP ${status}`;
  }
  if (!(thrown instanceof Error)) return "unknown reason";
  if (thrown instanceof RangeError) return thrown.message;
  if (thrown.name === "TimeoutError") return "no answer in time";
  if (thrown.name === "AbortError") return "given up, as the worker did";
  return thrown instanceof SyntaxError || /execution result/i.test(thrown.message)
    ? "the answer is not GraphQL"
    : "the server could not be reached";
}
