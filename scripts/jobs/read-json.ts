import { CommandError, exitCodes } from "./command-error.ts";
import { findJsonFault } from "./find-json-fault.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Gives the JSON text that an argument means, unchanged: itself, the content of a file (`@file`), or stdin (`-`).
 *
 * @throws CommandError that points at the place where it is not JSON.
 */
export async function readJson(
  argument: string,
  { readInput }: Pick<Terminal, "readInput">,
): Promise<string> {
  const text = await textOf(argument, readInput);
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `Cannot read the JSON: ${explain(text)}`, { cause });
  }
}

async function textOf(argument: string, readInput: () => Promise<Uint8Array>): Promise<string> {
  if (argument !== "-" && !argument.startsWith("@")) return argument;
  const what = argument === "-" ? "stdin" : argument.slice(1);
  try {
    const bytes = argument === "-" ? await readInput() : await Bun.file(what).bytes();
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `Cannot read ${what}: ${reasonOf(cause)}.`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof TypeError) return "it is not UTF-8 text";
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  return cause instanceof Error ? cause.message : String(cause);
}

/** The fault, the line that it is in, and a mark below its place. */
function explain(text: string): string {
  const fault = findJsonFault(text);
  if (fault === null) return "it is not JSON";
  if (text.trim() === "") return "it is empty. Pass {} for no payload.";
  const before = text.slice(0, fault.offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineNumber = before.split("\n").length;
  // As much of the line as fits a narrow terminal.
  const from = Math.max(lineStart, fault.offset - 40);
  const line = text.slice(from).split("\n", 1)[0]?.slice(0, 70) ?? "";
  const found = fault.offset >= text.length ? "it ends" : `there is ${JSON.stringify(text[fault.offset])}`;
  const place = `line ${lineNumber}, column ${fault.offset - lineStart + 1}`;
  const mark = " ".repeat(Bun.stringWidth(text.slice(from, fault.offset)));
  return `at ${place} ${found}, but expected was ${fault.expected}.\n  ${line}\n  ${mark}^`;
}
