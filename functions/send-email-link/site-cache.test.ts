import { describe, expect, test } from "bun:test";
import type { Site } from "./site.ts";
import { createSiteCache } from "./site-cache.ts";

const siteNamed = (title: string): Site => ({
  title,
  domain: { subdomain: null, domain: "a.test" },
  logoUrl: undefined,
  primary: "#000000",
  supportEmail: undefined,
  companyName: title,
  websiteUrl: undefined,
  locale: undefined,
});
const { signal } = new AbortController();
const question = { key: "a", seconds: 60, signal };

test("a site is asked for once a minute", async () => {
  let [now, asked] = [0, 0];
  const cache = createSiteCache({ now: () => now });
  const ask = () => cache(question, async () => siteNamed(String(++asked)));
  expect([(await ask()).title, (await ask()).title]).toEqual(["1", "1"]);
  now = 60_000;
  expect((await ask()).title).toBe("2");
});

test("each key has its own site, and no seconds keep nothing", async () => {
  let asked = 0;
  const cache = createSiteCache();
  const ask = (key: string, seconds = 60) =>
    cache({ key, seconds, signal }, async () => siteNamed(String(++asked)));
  const titles = [];
  for (const site of [await ask("a"), await ask("b"), await ask("a"), await ask("a", 0)])
    titles.push(site.title);
  expect(titles).toEqual(["1", "2", "1", "3"]);
});

test("a fault is told to all who wait, and not kept", async () => {
  let asked = 0;
  const cache = createSiteCache();
  const fail = () => cache(question, () => Promise.reject(new Error(`no ${++asked}`)));
  const both = await Promise.allSettled([fail(), fail()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(asked).toBe(1);
  expect((await cache(question, async () => siteNamed("Acme"))).title).toBe("Acme");
});

describe("many at once", () => {
  test("make one query, which outlives the one who began it", async () => {
    let asked = 0;
    const answer = Promise.withResolvers<Site>();
    const cache = createSiteCache();
    const first = new AbortController();
    const read = () => {
      asked += 1;
      return answer.promise;
    };
    const waiting = [cache({ ...question, signal: first.signal }, read), cache(question, read)];
    first.abort(new Error("too late"));
    answer.resolve(siteNamed("Acme"));
    const [given, shared] = await Promise.allSettled(waiting);
    expect(given).toMatchObject({ status: "rejected", reason: new Error("too late") });
    expect(shared).toMatchObject({ status: "fulfilled", value: { title: "Acme" } });
    expect(asked).toBe(1);
  });

  test("ask each for itself where requests may not share work", async () => {
    let asked = 0;
    const cache = createSiteCache({ isShared: false });
    const ask = () => cache(question, async () => siteNamed(String(++asked)));
    await Promise.all([ask(), ask()]);
    expect(asked).toBe(2);
    await ask();
    expect(asked).toBe(2);
  });
});
