import { afterAll, setDefaultTimeout } from "bun:test";
import { stopTestCluster } from "./with-database.ts";

// Tests start real servers; the first of a run pays for Postgres too. Waits have their own, shorter limit (until.ts). Bun
// applies this to the run's first file alone, so scripts/test.ts says it for all, by a flag.
setDefaultTimeout(60_000);

// Runs once, after the last file of a test run.
afterAll(stopTestCluster);
