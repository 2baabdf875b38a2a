import { join } from "node:path";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import type { Engine, ImageFacts } from "./engine.ts";
import { tagOf } from "./images.ts";
import { type JobFlow, runJobFlow } from "./job-flow.ts";

const root = join(import.meta.dirname, "../..");

/** One thing that must hold of the images, and whether it does. */
export type Finding = { readonly holds: boolean; readonly what: string };

/** Largest image of a function, compressed. */
const largest = 65_000_000;

/** Looks at one image: who it runs as, what it says of itself, and how large it is. */
export async function verifyImage(engine: Engine, name: string): Promise<readonly Finding[]> {
  const facts = await engine.inspect(tagOf(name));
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const bytes = await engine.compressedBytes(tagOf(name));
  return [
    { holds: facts.user === "65532:65532", what: `${name} runs as 65532:65532: ${facts.user}` },
    {
      holds: secretsOf(facts).length === 0,
      what: [`${name} holds no secret`, ...secretsOf(facts)].join(" "),
    },
    { holds: hasLabels(facts), what: `${name} says its title, version and licence` },
    {
      holds: bytes < largest || name === "local-stack",
      what: `${name} is ${megabytes(bytes)} MB compressed`,
    },
  ];
}

function secretsOf({ env }: ImageFacts): string[] {
  return Object.keys(env).filter((name) => /SECRET|PASSWORD|TOKEN|API_KEY/.test(name));
}

function hasLabels({ labels }: ImageFacts): boolean {
  const wanted = ["title", "description", "version", "revision", "licenses"];
  return wanted.every((label) => labels[`org.opencontainers.image.${label}`] !== undefined);
}

/** Lets the images work together, each read-only, without rights, and as process 1. */
export async function verifyFlow(engine: Engine): Promise<readonly Finding[]> {
  const flow: JobFlow = await runJobFlow((name, { words = [], env, templates }) =>
    engine.start(tagOf(name), {
      words,
      env: templates === undefined ? env : { ...env, JOBS_EMAIL_TEMPLATES: "/tmp" },
      mounts: templates === undefined ? {} : { "/tmp": join(root, templates) },
    }),
  );
  return [
    {
      holds: flow.migrated.includes("were applied before"),
      what: "migrations can run twice, and write no file",
    },
    {
      holds: flow.subjects.length === 2,
      what: `both functions sent their mail: ${flow.subjects.join(", ")}`,
    },
    {
      holds: flow.exitCodes.every((code) => code === 0),
      what: `SIGTERM ends each: ${flow.exitCodes.join(", ")}`,
    },
  ];
}

/** Loads the sample, starts the admin API on it, and asks it for its health as the engine would. */
export async function verifyLocalStack(engine: Engine): Promise<readonly Finding[]> {
  await using database = await withDatabase("empty");
  const run = (word: string, env: Readonly<Record<string, string>> = {}) =>
    engine.start(tagOf("local-stack"), { words: [word], env: { ...database.env, ...env }, mounts: {} });
  await using sample = await run("sample");
  const loaded = await sample.exited;
  await using admin = await run("admin-api", { ADMIN_API_HOST: "127.0.0.1", ADMIN_API_PORT: "0" });
  const port = await until("the admin API is ready", () => /ready on \S+:(\d+)/.exec(admin.output())?.[1]);
  await using health = await run("health", { ADMIN_API_PORT: port });
  const isHealthy = (await health.exited) === 0;
  admin.kill("SIGTERM");
  return [
    { holds: loaded === 0, what: "the sample is loaded" },
    { holds: isHealthy && (await admin.exited) === 0, what: "the admin API starts, is healthy, and stops" },
  ];
}
