import type { z } from "zod";
import { withoutPassword } from "#protocol/without-password";

/** Environment of a process: every value is text, a missing name is undefined. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All faults of a process's settings at once, one line each. `main.ts` prints the message and exits with 1. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Settings = z.ZodObject<Record<string, z.ZodType>>;

/**
 * Gives the settings of one process, read from its environment.
 *
 * A name that is set to nothing counts as not set, as a compose file's `NAME: ${NAME:-}` leaves it. A key whose
 * schema carries `.meta({ secret: true })` never has its value repeated in an error; with `.meta({ smallLetters: true })` its name is read
 * in small letters too, and first.
 *
 * @throws ConfigError that names every setting that is missing or wrong, with what is expected and what was given.
 */
export function readSettings<T extends Settings>(what: string, schema: T, env: Environment): z.infer<T> {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, valueOf(name, schema.shape[name]?.meta(), env)] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;

  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? "settings");
    const secret = schema.shape[name]?.meta()?.["secret"] === true;
    const value = given[name];
    if (value === undefined) return `  ${name} is missing: ${issue.message}`;
    return `  ${name}: ${issue.message} (${secret ? "value not shown" : `given: ${withoutPassword(JSON.stringify(value))}`})`;
  });
  const count = lines.length === 1 ? "1 setting is wrong" : `${lines.length} settings are wrong`;
  throw new ConfigError(`Cannot start ${what}: ${count}.\n${lines.join("\n")}`);
}

function valueOf(
  name: string,
  meta: Readonly<Record<string, unknown>> | undefined,
  env: Environment,
): string | undefined {
  const small = meta?.["smallLetters"] === true ? env[name.toLowerCase()]?.trim() : undefined;
  return small || env[name]?.trim();
}
