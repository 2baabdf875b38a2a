import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { withGraphql } from "../testing/graphql-server.ts";
import { withMailgun } from "../testing/mailgun-server.ts";
import { testDatabaseId } from "../testing/post-job.ts";
import { withServer } from "../testing/with-server.ts";
import probe from "./host-probe/worker.ts";
import { runtimes } from "./start-runtime.ts";

// Which runtimes send a Host that fetch is given, and what the function does in those that do not.

// Processes start, which takes its time where the machine is busy.
setDefaultTimeout(60_000);

const sendsHost = { bun: true, node: false, deno: false, workerd: false };
const host = "private.localhost";

describe.each(runtimes.filter(({ program }) => program !== undefined))("$name", ({ name, start }) => {
  test(`${sendsHost[name] ? "sends" : "drops"} a Host that fetch is given`, async () => {
    await using server = withServer((request) => new Response(request.headers.get("Host")));
    const headers = { "X-Probe-Url": server.url };
    const ask = async () => {
      if (name === "bun") return probe.fetch(new Request("http://probe.test/", { headers }));
      await using started = await start({}, "runtime-tests/host-probe");
      const answer = await fetch(started.url, { headers });
      return new Response(await answer.text());
    };
    expect(await (await ask()).text()).toBe(sendsHost[name] ? host : new URL(server.url).host);
  });

  const told = sendsHost[name] ? [host, null] : ["(its own)", host];
  test.each([
    [undefined, host, 200, told],
    ["forwarded", host, 200, ["(its own)", host]],
    ["url", "localhost", 200, ["localhost", null]],
    ["host", host, sendsHost[name] ? 200 : 500, sendsHost[name] ? [host, null] : undefined],
  ] as const)("by %p, host %s: HTTP %i, the server is told %j", async (...row) => {
    const [by, header, status, expected] = row;
    await using graphql = withGraphql("id", {});
    await using mailgun = withMailgun();
    await using started = await start({
      PORT: "0",
      GRAPHQL_URL: graphql.url,
      GRAPHQL_HOST_HEADER: header,
      META_GRAPHQL_HOST_HEADER: header,
      MAILGUN_API_KEY: "key-test",
      MAILGUN_DOMAIN: "mg.acme.test",
      MAILGUN_FROM: "a@mg.acme.test",
      MAILGUN_BASE_URL: mailgun.url,
      ...(by === undefined ? {} : { JOBS_GRAPHQL_HOST_BY: by }),
    });
    const payload = { email_type: "forgot_password", email: "b@c.test", user_id: "u", reset_token: "r" };
    const response = await fetch(started.url, {
      method: "POST",
      headers: { "X-Database-Id": testDatabaseId },
      body: JSON.stringify(payload),
    });
    const answer = await response.text();
    expect([response.status, answer]).toEqual([status, expect.any(String)]);
    if (status === 500) expect(answer).toContain("Set JOBS_GRAPHQL_HOST_BY to forwarded or url");
    const { host: own, port } = new URL(graphql.url);
    const heard = graphql.asked.map(({ headers }) => [
      headers.get("Host")?.replace(own, "(its own)").replace(`:${port}`, ""),
      headers.get("X-Forwarded-Host"),
    ]);
    expect(heard).toEqual(expected === undefined ? [] : [[...expected]]);
  });
});
