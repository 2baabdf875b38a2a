import { expect, test } from "bun:test";
import { connect } from "node:net";
import { withAbsoluteUrl } from "./with-absolute-url.ts";

test("a request of HTTP/1.0 without Host has a whole URL, its method and its body", async () => {
  const seen = Promise.withResolvers<readonly string[]>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const whole = withAbsoluteUrl(request);
      seen.resolve([whole.method, new URL(whole.url).pathname, await whole.text()]);
      return new Response("OK");
    },
  });
  const socket = connect(Number(server.port), "127.0.0.1");
  socket.write("POST /readyz HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
  expect(await seen.promise).toEqual(["POST", "/readyz", "hi"]);
  socket.destroy();
  await server.stop(true);
});

test.each(["/", "//host/path", "/%ff?%fe", "/a:b"])("the path %s alone is made a URL", (path) => {
  const request = new Request("http://x/");
  Object.defineProperty(request, "url", { value: path });
  expect(URL.canParse(withAbsoluteUrl(request).url)).toBe(true);
});

test("a request with a whole URL stays itself", () => {
  const request = new Request("http://example.org/name");
  expect(withAbsoluteUrl(request)).toBe(request);
});
