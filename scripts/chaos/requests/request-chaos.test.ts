import { expect, test } from "bun:test";
import { withDatabase } from "../../../services/testing/with-database.ts";
import { brokenPromises, runRequestChaos } from "./request-chaos.ts";

// The long form, 100,000 requests: bun run chaos requests.
test("2,000 malformed requests to callback server and functions get no 5xx and write nothing", async () => {
  await using database = await withDatabase();
  const report = await runRequestChaos({ database, requests: 2_000, seed: 20_261_124 });
  expect(brokenPromises(report)).toEqual([]);
  expect(Object.keys(report.statuses)).toEqual(
    expect.arrayContaining(["200", "400", "401", "404", "405", "409", "413"]),
  );
}, 60_000);
