import { expect, test } from "bun:test";
import { createKeyRing } from "./key-ring.ts";

/** A database whose answers come when they are told to, and how often it was asked. */
function database() {
  const asked: PromiseWithResolvers<string[]>[] = [];
  const callbackKeys = () => {
    const answer = Promise.withResolvers<string[]>();
    asked.push(answer);
    return answer.promise;
  };
  return { asked, callbackKeys };
}

test("a thousand callbacks at once, forged ones too, ask the database for its keys once", async () => {
  const { asked, callbackKeys } = database();
  const ring = createKeyRing({ callbackKeys });
  const given = Array.from({ length: 1_000 }, async () => ring.keys());
  expect(asked).toHaveLength(1);
  asked[0]?.resolve(["key"]);
  expect(new Set((await Promise.all(given)).flat())).toEqual(new Set(["key"]));
  expect(ring.keys()).toEqual(["key"]);
});

test("keys that could not be read are asked for again", async () => {
  const { asked, callbackKeys } = database();
  const ring = createKeyRing({ callbackKeys });
  const first = Promise.resolve(ring.keys()).catch(String);
  asked[0]?.reject(new Error("away"));
  expect(await first).toContain("away");
  const second = ring.keys();
  asked[1]?.resolve(["key"]);
  expect(await second).toEqual(["key"]);
});

test("a signature of none of the known keys has them read anew, once for all who ask, and seldom while strangers go on", async () => {
  let [now, reads] = [0, 0];
  const ring = createKeyRing({ callbackKeys: async () => [`key ${(reads += 1)}`] }, () => now);
  expect(await ring.keys()).toEqual(["key 1"]);
  expect(await Promise.all([ring.renewed(), ring.renewed()])).toEqual([["key 2"], ["key 2"]]);
  expect(ring.keys()).toEqual(["key 2"]);

  for (let n = 0; n < 1_000; n++) await ring.renewed();
  expect(reads).toBe(11);
  for (; now < 5_000; now += 10) await ring.renewed();
  expect(reads).toBe(15);
});

test("while the database is away the known keys stay in use, and of an unknown signature nothing is said", async () => {
  let [now, isAway] = [0, false];
  const callbackKeys = async () => {
    if (isAway) throw new Error("away");
    return ["key"];
  };
  const ring = createKeyRing({ callbackKeys }, () => now);
  await ring.keys();
  [now, isAway] = [60_000, true];
  expect(await ring.keys()).toEqual(["key"]);
  expect(await Promise.resolve(ring.renewed()).catch(String)).toBe("Error: away");
});
