import { createProgram } from "./jobs/create-program.ts";
import { explainFailure } from "./jobs/explain-failure.ts";
import type { Terminal } from "./jobs/terminal.ts";

const terminal: Terminal = {
  env: process.env,
  print: (line) => console.log(line),
  note: (line) => console.error(line),
  readInput: () => Bun.stdin.bytes(),
  width: process.stdout.isTTY ? process.stdout.columns : null,
};

try {
  await createProgram(terminal).parseAsync();
} catch (error) {
  const { message, exitCode } = explainFailure(error, terminal);
  if (message !== null) terminal.note(message);
  process.exitCode = exitCode;
}
