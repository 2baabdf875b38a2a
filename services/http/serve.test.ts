import { expect, test } from "bun:test";
import { serve } from "./serve.ts";

const app = { fetch: () => new Response("hello") };

test("a server on port 0 takes a free port and answers there", async () => {
  const server = serve(app, { port: 0, variable: "PORT", what: "the test" });
  expect(await (await fetch(`http://127.0.0.1:${server.port}`)).text()).toBe("hello");
  await server.stop(true);
});

test("a taken port is one line that names the port and the variable", async () => {
  const first = serve(app, { port: 0, variable: "PORT", what: "the first" });
  expect(() => serve(app, { port: first.port, variable: "MY_PORT", what: "the second" })).toThrow(
    `Cannot start the second: port ${first.port} is taken. Set MY_PORT to another, or stop what listens there.`,
  );
  await first.stop(true);
});
