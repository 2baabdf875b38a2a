import { relative } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { refuse } from "./refuse.ts";

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: Options }>>;

/** Gives the options that a command was started with. What it does not know ends the process. */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  options: Options,
): Parsed<Options>["values"] {
  const known = Object.keys(options)
    .map((name) => `--${name}`)
    .join(", ");
  if (process.argv.includes("--help")) {
    console.log(
      `Options: ${known || "none"}. The top of ${relative(process.cwd(), Bun.main)} tells what it does, and their defaults.`,
    );
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (fault) {
    const reason = (fault instanceof Error ? fault.message : String(fault)).split(/\. |\n/, 1)[0];
    return refuse(`Cannot read the command: ${reason}. Known: ${known || "no options"}.`);
  }
}
