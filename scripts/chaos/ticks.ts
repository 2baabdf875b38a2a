import { stopTestCluster, withDatabase } from "../../services/testing/with-database.ts";
import { describeHost } from "../bench/host/describe-host.ts";
import { exitOnSignal } from "../options/exit-on-signal.ts";
import { readOptions } from "../options/read-options.ts";
import { runTickChaos } from "./ticks/tick-chaos.ts";

// 10,000 ticks under three schedulers that are killed and started again at random; fails unless each made one job.

const { json } = readOptions({ json: { type: "boolean", default: false } });
const setup = { schedulers: 3, waves: 50, schedulesPerWave: 5, pastTicks: 34, comingTicks: 6 };
exitOnSignal(stopTestCluster);
try {
  await using database = await withDatabase();
  const host = await describeHost(database.sql);
  const report = await runTickChaos({ database, ...setup });
  if (json) console.log(JSON.stringify({ host, setup, report }));
  else console.log(Bun.inspect({ host, setup, report }, { colors: false }));
  if (report.missed + report.repeated + report.strange > 0) process.exitCode = 1;
} finally {
  await stopTestCluster();
}
