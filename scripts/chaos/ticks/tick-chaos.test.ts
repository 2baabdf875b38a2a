import { expect, test } from "bun:test";
import { withDatabase } from "../../../services/testing/with-database.ts";
import { runTickChaos } from "./tick-chaos.ts";

// The long form, 10,000 ticks: bun run chaos ticks.
test("three schedulers that are killed and started at random miss no tick and repeat none", async () => {
  await using database = await withDatabase();
  const report = await runTickChaos({
    database,
    schedulers: 3,
    waves: 6,
    schedulesPerWave: 5,
    pastTicks: 30,
    comingTicks: 4,
  });
  const ticks = 6 * 5 * 34;
  expect(report).toMatchObject({ ticks, jobs: ticks, missed: 0, repeated: 0, strange: 0 });
  expect(report.kills).toBeGreaterThan(3);
}, 60_000);
