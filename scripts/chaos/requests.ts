import { stopTestCluster, withDatabase } from "../../services/testing/with-database.ts";
import { readNumber } from "./options/read-number.ts";
import { brokenPromises, runRequestChaos } from "./requests/request-chaos.ts";

// `bun run chaos requests [--requests 100000] [--seed N]`: malformed requests against the callback server and functions.

try {
  await using database = await withDatabase();
  const requests = readNumber("--requests", 100_000);
  const seed = readNumber("--seed", Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}`);
  const report = await runRequestChaos({ database, requests, seed });
  console.log(Bun.inspect(report, { colors: false }));
  const broken = brokenPromises(report);
  for (const promise of broken) console.error(promise);
  if (broken.length > 0) process.exitCode = 1;
} finally {
  await stopTestCluster();
}
