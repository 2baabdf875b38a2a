import { expect, test } from "bun:test";
import { createLog } from "../log/log.ts";
import { createHealthApp } from "./create-health-app.ts";
import { createLoops } from "./loops.ts";

function withLoops() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    write: (line) => lines.push(JSON.parse(line)),
    now: () => new Date(),
  });
  let now = 0;
  const loops = createLoops({ log, clock: () => now });
  const ready = async () => {
    const response = await createHealthApp(() => [loops.check]).request("/readyz");
    return [response.status, await response.json()];
  };
  return {
    loops,
    lines,
    ready,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("a loop that fails five times in a row makes its service not ready, until it works again, and the log tells once of each", async () => {
  const { loops, lines, ready, pass } = withLoops();
  const rescue = loops.add("rescue");
  loops.add("claims").succeeded();
  pass(7_000);
  for (let count = 1; count <= 4; count++) expect(rescue.failed(new Error("a trigger raises"))).toBe(count);
  expect(await ready()).toEqual([200, { status: "ready" }]);
  rescue.failed(new Error("a trigger raises"));
  rescue.failed(new Error("a trigger raises"));
  expect(await ready()).toEqual([
    503,
    {
      status: "not ready",
      faults: ["loops: rescue failed 6 times in a row, and was last done 7 s ago (a trigger raises)"],
    },
  ]);
  rescue.succeeded();
  expect(await ready()).toEqual([200, { status: "ready" }]);
  expect(lines).toMatchObject([
    { level: "error", loop: "rescue", failures: 5, lastDoneSecondsAgo: 7 },
    { level: "info", loop: "rescue", failures: 6 },
  ]);
});

test("failures with a success between them are none in a row", async () => {
  const { loops, ready } = withLoops();
  const loop = loops.add("beats");
  for (let count = 0; count < 20; count++) {
    loop.failed("away");
    if (count % 4 === 3) loop.succeeded();
  }
  expect(await ready()).toEqual([200, { status: "ready" }]);
});
