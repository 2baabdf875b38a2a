import { expect, test } from "bun:test";
import type { Connection } from "./connection.ts";
import { createIdleConnections, type IdleOptions } from "./idle-connections.ts";

/** A store of a test's own, and the connections that were opened for it. */
function withStore(options: IdleOptions) {
  let nowMs = 0;
  const store = createIdleConnections({ now: () => nowMs, ...options });
  const open = new Set<Connection>();
  const connect = () => {
    const connection: Connection = {
      openedAt: nowMs,
      send: () => {},
      rest: () => true,
      isOpen: () => open.has(connection),
      close: () => open.delete(connection),
    };
    open.add(connection);
    return connection;
  };
  return {
    ...store,
    open,
    connect,
    passTo: (ms: number) => {
      nowMs = ms;
    },
    [Symbol.dispose]: store.closeAll,
  };
}

test("of connections to 5,000 hosts as many wait as may, the latest ones", () => {
  using store = withStore({ most: 100 });
  const hosts = Array.from({ length: 5_000 }, (_, n) => `http://host-${n}`);
  for (const host of hosts) store.keep(host, store.connect(), undefined);
  expect(store.open.size).toBe(100);
  expect(hosts.filter((host) => store.take(host) !== undefined)).toEqual(hosts.slice(-100));
});

test("a host that is asked again and again keeps its connections, and those that it took last", () => {
  using store = withStore({ most: 4 });
  const [first, second] = [store.connect(), store.connect()];
  store.keep("http://busy", first, undefined);
  store.keep("http://busy", second, undefined);
  for (let n = 0; n < 100; n++) {
    const taken = store.take("http://busy");
    expect(taken === first || taken === second).toBe(true);
    const other = store.take("http://busy");
    for (const one of [taken, other]) if (one !== undefined) store.keep("http://busy", one, undefined);
    store.keep(`http://host-${n}`, store.connect(), undefined);
  }
  expect(store.open.size).toBe(4);
});

test("what is taken, closed or given back counts no more", () => {
  using store = withStore({ most: 2 });
  const [one, other] = [store.connect(), store.connect()];
  for (let n = 0; n < 10; n++) {
    store.keep("http://a", one, undefined);
    store.keep("http://a", other, undefined);
    expect([store.take("http://a"), store.take("http://a"), store.take("http://a")]).toEqual([
      other,
      one,
      undefined,
    ]);
  }
  expect(store.open.size).toBe(2);
});
