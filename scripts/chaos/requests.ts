import { stopTestCluster, withDatabase } from "../../services/testing/with-database.ts";
import { exitOnSignal } from "../options/exit-on-signal.ts";
import { readOptions } from "../options/read-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { brokenPromises, runRequestChaos } from "./requests/request-chaos.ts";

// `bun run chaos requests [--requests 100000] [--seed N]`: malformed requests against the callback server and functions.

const values = readOptions({ requests: { type: "string" }, seed: { type: "string" } });
const requests = wholeNumber("--requests", values.requests, 100_000);
const seed = wholeNumber("--seed", values.seed, Math.floor(Math.random() * 1e9));
exitOnSignal(stopTestCluster);
try {
  await using database = await withDatabase();
  console.log(`seed ${seed}`);
  const report = await runRequestChaos({ database, requests, seed });
  console.log(Bun.inspect(report, { colors: false }));
  const broken = brokenPromises(report);
  for (const promise of broken) console.error(promise);
  if (broken.length > 0) process.exitCode = 1;
} finally {
  await stopTestCluster();
}
