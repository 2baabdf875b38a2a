import { expect, test } from "bun:test";
import { ConfigError, readSettings } from "../config/read-settings.ts";
import { workerSettings } from "./settings.ts";

const good = {
  KNATIVE_SERVICE_URL: "http://functions.test",
  INTERNAL_JOBS_CALLBACK_URL: "http://jobs.test:12345/callback",
};

const read = (env: Readonly<Record<string, string>>) =>
  readSettings("the worker", workerSettings, { ...good, ...env });

function faultOf(env: Readonly<Record<string, string>>): string {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

test.each([
  ["http://ada:s3cret@jobs.test/callback", "without user name and password"],
  ["http://ada@jobs.test/callback", "without user name and password"],
  ["http://jobs.test/callback#top", "without #"],
  ["http://jobs.test/callback#", "without #"],
  ["http://jobs.test/callback?a=s3cret&token=x", "without ?token="],
  ["http://jobs.test/call back", "without white space"],
  ["ftp://jobs.test/callback", "expected an http:// or https:// URL"],
])("functions cannot call back at %s, and it is said why", (url, why) => {
  const fault = faultOf({ INTERNAL_JOBS_CALLBACK_URL: url });
  expect(fault).toContain("INTERNAL_JOBS_CALLBACK_URL: ");
  expect(fault).toContain(why);
  expect(fault).not.toContain("s3cret");
});

test.each(["http://jobs.test", "https://jobs.test/a/callback?tenant=1", "http://[::1]:8080/callback"])(
  "functions can call back at %s",
  (url) => {
    expect(read({ INTERNAL_JOBS_CALLBACK_URL: url }).INTERNAL_JOBS_CALLBACK_URL).toBe(url);
  },
);

test("proxies are read in capitals and in small letters, of which the small ones come first", () => {
  const small = { http_proxy: "small:1", https_proxy: "http://small:2", no_proxy: ".svc" };
  const capital = { HTTP_PROXY: "capital:1", HTTPS_PROXY: "http://capital:2", NO_PROXY: "*" };
  const proxies = (env: Readonly<Record<string, string>>) => {
    const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = read(env);
    return [HTTP_PROXY, HTTPS_PROXY, NO_PROXY];
  };
  expect(proxies(small)).toEqual(["small:1", "http://small:2", ".svc"]);
  expect(proxies({ ...capital, ...small })).toEqual(proxies(small));
  expect(proxies({ ...capital, http_proxy: "", https_proxy: " ", no_proxy: "" })).toEqual(proxies(capital));
  expect(proxies({})).toEqual([undefined, undefined, ""]);
});

test.each([
  ["HTTP_PROXY", "socks5://ada:s3cret@proxy:1080"],
  ["HTTP_PROXY", "http://proxy:1/path"],
  ["HTTP_PROXY", "http://proxy:99999"],
  ["HTTPS_PROXY", "https://ada:s3cret@proxy:3128"],
  ["http_proxy", "ada:s3cret@"],
])("%s=%s is refused, and its password not repeated", (name, value) => {
  const fault = faultOf({ [name]: value });
  expect(fault).toContain(`${name.toUpperCase()}: expected the http://`);
  expect(fault).not.toContain("s3cret");
});

test("a key in a function's URL is not repeated where the URL is refused", () => {
  const map = JSON.stringify({ a: "htp://f.test/?code=s3cret" });
  const fault = faultOf({
    KNATIVE_SERVICE_URL: "htp://f.test/{task}?code=s3cret",
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: map,
  });
  expect(fault).toContain("htp://f.test/{task}?code=…");
  expect(fault).not.toContain("s3cret");
});
