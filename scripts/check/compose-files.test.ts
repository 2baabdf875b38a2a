import { expect, test } from "bun:test";
import { findComposeFaults } from "./compose-files.ts";
import { readRepository } from "./repository-files.ts";
import { findSettings } from "./settings-objects.ts";

const files = await readRepository();
const settings = await findSettings(files);

async function faultsWith(right: string, wrong: string): Promise<string[]> {
  const changed = files.map(({ path, text }) => ({
    path,
    text: path.startsWith("docker-compose") ? text.replaceAll(right, wrong) : text,
  }));
  return findComposeFaults(changed, settings);
}

test("the compose files are as the specification and the code want them", async () => {
  expect(await findComposeFaults(files, settings)).toEqual([]);
});

test.each([
  ["a misspelt key", "read_only:", "readonly:", "readonly"],
  ["a misspelt key of a health check", "start_interval:", "startinterval:", "startinterval"],
  [
    "a service that is not there",
    "      migrate: { condition",
    "      migration: { condition",
    "which is not there",
  ],
  ["a wait for health where none is asked", "    healthcheck: *function-health\n", "", "no health check"],
  [
    "a wait for the end of what is restarted",
    "  sample:\n    <<: [*closed,",
    "  sample:\n    <<: [*service,",
    "is started again",
  ],
  ["a volume that is not declared", "- postgres-data:", "- data:", "the volume data is not declared"],
  [
    "a Dockerfile that is not there",
    "function.Dockerfile",
    "functions.Dockerfile",
    "there is no infra/images",
  ],
  ["an open port", '"127.0.0.1:8080:8080"', '"8080:8080"', "open to other machines"],
  ["another version", "job-service:0.1.0", "job-service:0.0.9", "not the version of package.json"],
  ["a setting that nothing reads", "GRAPHQL_HOST_HEADER: p", "GRAPHQL_HOST: p", "nothing reads GRAPHQL_HOST"],
  ["a missing setting", "      GRAPHQL_URL: http", "      GRAPHQL_AUTH_TOKEN: ${A:-http", "GRAPHQL_URL"],
  ["a wrong value", "JOBS_DRAIN_SECONDS: 25", "JOBS_DRAIN_SECONDS: soon", "JOBS_DRAIN_SECONDS: expected"],
  ["a kill before the drain", "stop_grace_period: 40s", "stop_grace_period: 20s", "while it drains for 25"],
  ["a secret", "${MAILGUN_API_KEY:-local-key}", "local-key", "MAILGUN_API_KEY is written out"],
])("%s is a fault", async (...[, right, wrong, message]) => {
  expect((await faultsWith(right, wrong)).join("\n")).toContain(message);
});
