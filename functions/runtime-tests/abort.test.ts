import { describe, setDefaultTimeout, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { createHttpClient } from "../../services/worker/http/http-client.ts";
import { runtimes } from "./start-runtime.ts";

// What a cancelled job comes to: the worker closes the connection, the kit's signal aborts, and with it what the function
// waits for.

// Processes start, which takes its time where the machine is busy.
setDefaultTimeout(60_000);

describe.each(runtimes.filter(({ program }) => program !== undefined))("$name", ({ start }) => {
  test("a function's own request is aborted when its worker closes the connection", async () => {
    await using slow = await withFunction(() => new Promise<Response>(() => {}));
    await using started = await start({ PORT: "0" }, "runtime-tests/abort-probe");
    const worker = createHttpClient();
    const body = JSON.stringify({ url: slow.url });
    void worker.post({ url: started.url, headers: { "Content-Type": "application/json" }, body }, 60_000);
    await until("the function waits", () => slow.requests.length === 1);
    worker.giveUp();
    await until("its request is aborted", () => slow.requests[0]?.signal.aborted);
    worker.close();
  });
});
