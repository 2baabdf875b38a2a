import { programs, runProgram } from "./check/programs.ts";
import { repositoryChecks } from "./check/repository-checks.ts";
import { readRepository } from "./check/repository-files.ts";
import { readOptions } from "./options/read-options.ts";

// The gate: `bun run check`. What a program can mend, `bun run format` and `bun run docs` do.

type Check = { readonly name: string; readonly run: () => Promise<string | undefined> };
type Result = { readonly name: string; readonly fault: string | undefined; readonly ms: number };

/** Runs every check at once and prints a line for each, with all that a failing one has to say; gives how many passed. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  const results = allChecks().map(run);
  let failed = 0;
  for (const result of results) {
    const { name, fault, ms } = await result;
    if (fault !== undefined) failed += 1;
    console.log(`${fault === undefined ? "✔" : "✘"} ${name} ${ms} ms`);
    if (fault !== undefined) console.log(`\n${fault.replaceAll(/^(?=.)/gm, "  ")}\n`);
  }
  return { passed: results.length - failed, failed };
}

function allChecks(): Check[] {
  const files = readRepository();
  return [
    ...programs.map((program) => ({ name: program.name, run: () => runProgram(program) })),
    ...repositoryChecks.map(({ name, find }) => ({
      name,
      run: async () => (await find(await files)).join("\n") || undefined,
    })),
  ];
}

async function run(check: Check): Promise<Result> {
  const start = performance.now();
  const fault = await check.run().catch((error: unknown) => `The check itself broke: ${Bun.inspect(error)}`);
  return { name: check.name, fault, ms: Math.round(performance.now() - start) };
}

if (import.meta.main) {
  readOptions({});
  const { passed, failed } = await runChecks();
  console.log(`${passed} checks passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
