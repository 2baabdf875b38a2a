import { expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "./connect.ts";
import { reach } from "./reach.ts";

test.each([
  ["hangs up on every connection", true],
  ["takes connections and says nothing", false],
])("a server that %s is given up in time", async (_, hangsUp) => {
  const server = createServer((socket) => void (hangsUp ? socket.end() : socket.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port.");
  try {
    const settings = { PGHOST: "127.0.0.1", PGPORT: address.port, PGUSER: "a", PGDATABASE: "b" };
    const sql = connect(settings, { max: 1, name: "jobs-test", prepare: false });
    const fault: unknown = await reach(sql, 300).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: expect.stringMatching(/^CONNECTION_/) });
  } finally {
    server.close();
  }
});
