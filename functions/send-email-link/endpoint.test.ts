import { expect, test } from "bun:test";
import { withHost } from "./endpoint.ts";

const endpoint = { url: "http://api.test:3000/graphql", headers: { "X-Meta-Schema": "true" } };
const host = "private.localhost";

test.each([
  ["bun", undefined, endpoint.url, { Host: host }],
  ["node", undefined, endpoint.url, { "X-Forwarded-Host": host }],
  ["workerd", undefined, endpoint.url, { "X-Forwarded-Host": host }],
  ["bun", "forwarded", endpoint.url, { "X-Forwarded-Host": host }],
  ["deno", "url", "http://private.localhost:3000/graphql", {}],
] as const)("%s, by %p, asks %s with %j", (...row) => {
  const [runtime, by, url, headers] = row;
  expect(withHost(endpoint, { host, by, runtime })).toEqual({
    url,
    headers: { ...endpoint.headers, ...headers },
  });
});

test("without a host nothing is changed, and a host with a port moves the port", () => {
  expect(withHost(endpoint, { host: undefined, by: "host", runtime: "deno" })).toBe(endpoint);
  expect(withHost(endpoint, { host: "a.test:81", by: "url" }).url).toBe("http://a.test:81/graphql");
});

test.each([
  [
    { host, by: "host", runtime: "deno" },
    "this runtime drops it. Set JOBS_GRAPHQL_HOST_BY to forwarded or url",
  ],
  [
    { host: "a/b", by: "url", runtime: "bun" },
    'it is no host name ("a/b"). Set JOBS_GRAPHQL_HOST_BY to forwarded',
  ],
] as const)("%j is refused", (options, reason) => {
  expect(() => withHost(endpoint, options)).toThrow(reason);
});
