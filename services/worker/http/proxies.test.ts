import { expect, test } from "bun:test";
import { createProxies } from "./proxies.ts";

const settings = { HTTP_PROXY: "http://plain:3128", HTTPS_PROXY: "secure:3128" };

test("http and https have a proxy each, and what names no scheme is spoken to by http", () => {
  const proxies = createProxies(settings);
  expect(proxies(new URL("http://a.test/"))?.href).toBe("http://plain:3128/");
  expect(proxies(new URL("https://a.test/"))?.href).toBe("http://secure:3128/");
  expect(createProxies({ HTTPS_PROXY: "secure:1" })(new URL("http://a.test/"))).toBe(null);
  expect(createProxies({})(new URL("https://a.test/"))).toBe(null);
});

test.each([
  ["", "http://a.test/", false],
  ["*", "http://a.test/", true],
  ["a.test", "http://a.test/", true],
  ["a.test", "http://A.Test./", true],
  ["a.test", "http://b.a.test/", true],
  ["a.test", "http://ba.test/", false],
  [".a.test", "http://b.a.test/", true],
  [".a.test", "http://a.test/", true],
  ["*.a.test", "http://c.b.a.test/", true],
  ["A.TEST.", "http://a.test/", true],
  ["b.test, a.test", "http://a.test/", true],
  ["b.test a.test", "http://a.test/", true],
  ["a.test:8080", "http://a.test:8080/", true],
  ["a.test:8080", "http://a.test/", false],
  ["a.test:80", "http://a.test/", true],
  ["a.test:443", "https://a.test/", true],
  ["localhost,.svc,.cluster.local", "http://f.functions.svc.cluster.local/", true],
  ["localhost,.svc", "http://f.functions.svc/", true],
  ["127.0.0.1", "http://127.0.0.1:8080/", true],
  ["127.0.0.1", "http://localhost/", false],
  ["10.0.0.0/8", "http://10.1.2.3/", true],
  ["10.0.0.0/8", "http://11.1.2.3/", false],
  ["10.0.0.0/8", "http://10.test/", false],
  ["::1", "http://[::1]:8080/", true],
  ["[::1]:8080", "http://[::1]:8080/", true],
  ["[::1]:8081", "http://[::1]:8080/", false],
  ["fd00::/8", "http://[fd12::1]/", true],
  ["fd00::/8", "http://[fe12::1]/", false],
  ["10.0.0.0/99, nonsense/8, :, [", "http://10.1.2.3/", false],
])("NO_PROXY=%p has %s reached without one: %p", (noProxy, url, isDirect) => {
  expect(createProxies({ ...settings, NO_PROXY: noProxy })(new URL(url)) === null).toBe(isDirect);
});
