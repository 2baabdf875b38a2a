import { describe, expect, test } from "bun:test";
import { databaseWith, withGraphql } from "../testing/graphql-server.ts";
import { withServer } from "../testing/with-server.ts";
import { createAsk, dialects } from "./graphql.ts";
import { readSite, siteDocuments } from "./site.ts";

const question = {
  operation: "GetDatabaseInfo",
  documents: siteDocuments,
  variables: { databaseId: "d1" },
  databaseId: "d1",
  signal: new AbortController().signal,
};
const askAt = (url: string) => createAsk(fetch)({ url, headers: {} }, question);

test.each(dialects)("a server of the dialect %s is understood", async (dialect) => {
  await using server = withGraphql(dialect, {});
  expect(readSite(await askAt(server.url), "d1").title).toBe("Acme");
});

test("the dialect that worked is asked first from then on", async () => {
  await using server = withGraphql("where", {});
  const ask = createAsk(fetch);
  await ask({ url: server.url, headers: {} }, question);
  expect(server.asked).toHaveLength(4);
  await ask({ url: server.url, headers: {} }, question);
  expect(server.asked).toHaveLength(5);
});

test("a server that has changed its dialect is understood again", async () => {
  await using old = withGraphql("condition", {});
  await using now = withGraphql("filter", {});
  let target = old.url;
  const ask = createAsk((_, init) => fetch(target, init));
  await ask({ url: "http://graphql.test/", headers: {} }, question);
  target = now.url;
  await ask({ url: "http://graphql.test/", headers: {} }, question);
  expect(now.asked).toHaveLength(3);
});

describe("a server that has too much to do", () => {
  test.each([
    [429, { "Retry-After": "30" }, { status: 429, retryAfterSeconds: 30 }],
    [429, {}, { status: 429, retryAfterSeconds: undefined }],
    [503, { "Retry-After": "30" }, { status: 503, retryAfterSeconds: 30 }],
    [503, { "Retry-After": "9999999" }, { status: 503, retryAfterSeconds: 86_400 }],
    [503, {}, { status: 500, retryAfterSeconds: undefined }],
    [500, { "Retry-After": "30" }, { status: 500, retryAfterSeconds: 30 }],
  ] as const)("%i with %j makes %j", async (status, headers, expected) => {
    for (const body of ["busy", '{"errors":[{"message":"busy"}]}', ""]) {
      await using server = withServer(
        () => new Response(body, { status, headers: { "Content-Type": "application/json", ...headers } }),
      );
      const error = await askAt(server.url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ ...expected, retry: true, isNotNow: expected.status !== 500 });
    }
  });
});

test("so much of an answer is read, and no more", async () => {
  let sent = 0;
  await using server = withServer(() => {
    const pull = (controller: ReadableStreamDefaultController) => {
      sent += 1;
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  expect(askAt(server.url)).rejects.toThrow("failed for database d1: the answer is longer than 1 MiB");
  await askAt(server.url).catch(() => {});
  // 1 MiB twice, and what buffers on the way hold.
  expect(sent).toBeLessThan(1000);
});

describe("an error is one short line with host, operation and database", () => {
  test.each([
    ["HTTP 401", () => new Response("<html>".repeat(1000), { status: 401 })],
    ["the answer is not GraphQL", () => new Response("<html>".repeat(1000))],
    ["the answer is not GraphQL", () => Response.json({ nothing: 1 })],
    ["permission denied", () => Response.json({ errors: [{ message: "permission\n denied" }], data: null })],
    ["HTTP 502", () => new Response("", { status: 502 })],
  ])("%s", async (reason, answer) => {
    await using server = withServer(answer);
    const message = `GetDatabaseInfo at ${new URL(server.url).host} failed for database d1: ${reason}`;
    expect(askAt(server.url)).rejects.toThrow(new Error(message));
    await Promise.allSettled([askAt(server.url)]);
  });

  test("no answer in time", async () => {
    const never = Promise.withResolvers<Response>();
    await using server = withServer(() => never.promise);
    const asked = createAsk(fetch, 10)({ url: `${server.url}/graphql?key=s3cret`, headers: {} }, question);
    expect(asked).rejects.toThrow(
      new Error(
        `GetDatabaseInfo at ${new URL(server.url).host}/graphql failed for database d1: no answer in time`,
      ),
    );
    await asked.catch(() => {});
    never.resolve(new Response());
  });

  test("given up by the worker", async () => {
    const giveUp = new AbortController();
    const never = Promise.withResolvers<Response>();
    await using server = withServer(() => {
      giveUp.abort();
      return never.promise;
    });
    const given = { ...question, signal: giveUp.signal };
    const asked = createAsk(fetch)({ url: server.url, headers: {} }, given);
    expect(asked).rejects.toThrow("failed for database d1: given up, as the worker did");
    await asked.catch(() => {});
    never.resolve(new Response());
  });

  test("no connection", async () => {
    expect(askAt("http://127.0.0.1:1")).rejects.toThrow(
      "127.0.0.1:1 failed for database d1: the server could not be reached",
    );
  });

  test("a server of no known dialect names the last refusal, and no query", async () => {
    await using server = withServer(() =>
      Response.json(
        { errors: [{ message: 'Cannot query field "databases" on type "Query".' }] },
        { status: 400 },
      ),
    );
    const error = await askAt(server.url).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('Cannot query field "databases"');
    expect(String(error)).not.toContain("nodes");
  });
});

describe("a site that is not whole", () => {
  const none = { nodes: [] };
  test.each([
    [{ database: null }, "Site not found for database d1: there is no such database"],
    [{ database: { sites: none } }, "Site not found for database d1: the database has none"],
    [
      { database: databaseWith({ domains: none }) },
      "Missing site configuration for email: domain (database d1)",
    ],
    [
      { database: databaseWith({ siteThemes: none, siteModules: none }) },
      "Missing site configuration for email: theme, legal_terms_module (database d1)",
    ],
  ])("%j is told", async (rows, message) => {
    await using server = withGraphql("where", rows);
    const data = await askAt(server.url);
    expect(() => readSite(data, "d1")).toThrow(new Error(message));
  });

  test("still makes a mail where only its looks are wrong", async () => {
    const database = databaseWith({
      title: null,
      logo: { url: "javascript:alert(1)" },
      siteThemes: { nodes: [{ theme: '{"primary":"no colour"}' }] },
      siteModules: {
        nodes: [{ data: { emails: { support: "x" }, company: { website: 7, name: "A".repeat(10_240) } } }],
      },
    });
    await using server = withGraphql("id", { database });
    const site = readSite(await askAt(server.url), "d1");
    expect(site.title).toHaveLength(100);
    expect(site).toMatchObject({
      logoUrl: undefined,
      primary: "#1d4ed8",
      supportEmail: undefined,
      websiteUrl: undefined,
    });
  });

  test("an answer of another shape says where", () => {
    expect(() => readSite({ database: { sites: 7 } }, "d1")).toThrow(
      "unexpected answer for database d1 (at database.sites)",
    );
  });
});

test.each([302, 307])(
  "no redirect (%i) is followed: keys and tenants are told to nobody else",
  async (status) => {
    const reached: string[] = [];
    await using elsewhere = withServer((request) => {
      reached.push(request.method);
      return Response.json({ data: {} });
    });
    await using server = withServer(
      () => new Response(null, { status, headers: { Location: elsewhere.url } }),
    );
    const refusal = await askAt(server.url).then(() => "was answered", String);
    expect(refusal).toContain(`HTTP ${status}`);
    expect(reached).toEqual([]);
  },
);
