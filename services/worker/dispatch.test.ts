import { afterEach, expect, setSystemTime, test } from "bun:test";
import { dispatch } from "./dispatch.ts";

afterEach(() => {
  setSystemTime();
});

test("a Retry-After that names a time is counted from the answer, not from the request", async () => {
  const begun = new Date("2026-11-25T12:00:00Z");
  setSystemTime(begun);
  const post = async () => {
    setSystemTime(new Date(begun.getTime() + 30_000));
    return {
      status: 503,
      headers: new Headers({ "Retry-After": "Wed, 25 Nov 2026 12:00:40 GMT" }),
      body: "",
    };
  };
  const sent = { url: "http://function.test/a", headers: {}, body: "{}" };
  const dispatched = await dispatch(sent, {
    client: { post },
    timeoutSeconds: 60,
    retryAfterMaxSeconds: 3_600,
  });
  expect(dispatched?.outcome).toMatchObject({ kind: "unreachable", retryAfterSeconds: 10 });
});
