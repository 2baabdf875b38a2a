import { join } from "node:path";
import { installMissing } from "./install.ts";
import { type Counts, readCheckCounts, readTestCounts, summaryLine } from "./test/read-counts.ts";

// `bun run test`: installs what is missing, then every check and every test. Words after it go to `bun test`, such as
// `bun run test db/tests`. On a fresh clone no package exists before the installation: nothing here may import one, and what
// does, runs as a process of its own.

const root = join(import.meta.dirname, "..");

type Ended = { readonly output: string; readonly errors: string; readonly exitCode: number };

/** Runs this Bun with these words, shows what it prints, and gives it. */
async function run(...words: string[]): Promise<Ended> {
  const child = Bun.spawn([process.execPath, ...words], {
    cwd: root,
    env: { ...process.env, ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stop = () => child.kill("SIGTERM");
  process.once("SIGTERM", stop).once("SIGINT", stop);
  const [output, errors] = await Promise.all([
    show(child.stdout, process.stdout),
    show(child.stderr, process.stderr),
  ]);
  process.off("SIGTERM", stop).off("SIGINT", stop);
  return { output, errors, exitCode: await child.exited };
}

async function show(from: ReadableStream<Uint8Array>, to: NodeJS.WriteStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of from) {
    to.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

async function runAll(): Promise<Counts[]> {
  await installMissing();
  const check = await run("scripts/check.ts");
  const tests = await run("test", "--timeout=60000", ...process.argv.slice(2));
  return [readCheckCounts(check.output), readTestCounts(tests.errors, tests.exitCode)];
}

const counts = await runAll().catch((error: unknown): Counts[] => {
  console.error(error instanceof Error ? error.message : error);
  return [{ passed: 0, failed: 1, skipped: 0 }];
});
const line = summaryLine(counts);
console.log(`\n${line}`);
process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0;
