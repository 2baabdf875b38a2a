import { afterAll } from "bun:test";
import { stopTestCluster } from "./with-database.ts";

// Runs once, after the last file of a test run.
afterAll(stopTestCluster);
