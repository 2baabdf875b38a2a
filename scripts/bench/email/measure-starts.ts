import { join } from "node:path";
import { runtimes } from "../../../functions/runtime-tests/start-runtime.ts";
import { buildProgram } from "../../image/build-program.ts";
import { functionEnvironment } from "../../image/function-environment.ts";
import { temporaryFolder } from "../../options/temporary-folder.ts";
import { median, percentile } from "../host/percentile.ts";
import { startAnswering } from "./answering.ts";

/** How long a function takes from the start of its process to its first answer. */
export type StartFigure = {
  readonly runtime: string;
  readonly bestMs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
};

const settings = { PORT: "0", SEND_EMAIL_LINK_DRY_RUN: "true", GRAPHQL_URL: "http://127.0.0.1:1/graphql" };

/** Measures send-email-link's first answer in a fresh process, of every runtime that is here. */
export async function measureStarts(starts: number): Promise<readonly StartFigure[]> {
  await using folder = await temporaryFolder("bench-start-");
  const ways: [string, readonly string[], Readonly<Record<string, string>>][] = [
    [
      "Bun, compiled (the container)",
      [await buildProgram("send-email-link", folder.path)],
      functionEnvironment,
    ],
  ];
  for (const { name, program, prepare } of runtimes)
    if (program !== undefined)
      ways.push([
        name === "bun" ? "Bun, from source" : name,
        [
          program,
          ...(await prepare({ folder: join(folder.path, name), settings, served: "send-email-link" })),
        ],
        {},
      ]);

  const figures: StartFigure[] = [];
  for (const [runtime, command, env] of ways) {
    const times = [];
    for (let start = 0; start < starts; start += 1) times.push(await firstAnswer(command, env));
    figures.push({
      runtime,
      bestMs: Math.min(...times),
      medianMs: median(times),
      p90Ms: percentile(times, 0.9),
    });
  }
  return figures;
}

async function firstAnswer(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  await using answering = await startAnswering(command, { ...env, ...settings });
  return answering.tookMs;
}
