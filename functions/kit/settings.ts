import type { z } from "zod";
import { withoutPassword } from "../protocol/without-password.ts";

/** Where settings come from: `process.env`, or the bindings that a platform hands to a fetch handler. */
export type Environment = Readonly<Record<string, unknown>>;

/** One zod object: a key for each setting, with its default and description. */
export type SettingsSchema = z.ZodObject<Record<string, z.ZodType>>;

/** All faults of a function's settings at once, one line each. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Gives a reader that parses each environment object once.
 *
 * A name that is set to nothing counts as not set. The reader throws SettingsError where a setting is missing or wrong.
 */
export function createSettingsReader<S extends SettingsSchema>(schema: S): (env: Environment) => z.infer<S> {
  const known = new WeakMap<Environment, z.infer<S>>();
  return (env) => {
    const cached = known.get(env);
    if (cached !== undefined) return cached;
    const settings = readSettings(schema, env);
    known.set(env, settings);
    return settings;
  };
}

function readSettings<S extends SettingsSchema>(schema: S, env: Environment): z.infer<S> {
  const result = schema.safeParse(givenSettings(schema, env));
  if (result.success) return result.data;
  throw new SettingsError(settingsMessage(settingFaults(schema, env)));
}

/** Gives one line for each setting that is missing or wrong: its name, what is expected, and what was given unless it is secret. */
export function settingFaults(schema: SettingsSchema, env: Environment): readonly string[] {
  const given = givenSettings(schema, env);
  return (schema.safeParse(given).error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0] ?? "settings");
    if (given[name] === undefined) return `${name} is missing: ${issue.message}`;
    const secret = schema.shape[name]?.meta()?.["secret"] === true;
    return `${name}: ${issue.message} (${secret ? "value not shown" : `given: ${withoutPassword(JSON.stringify(given[name]))}`})`;
  });
}

/** Gives the faults of settings as one message, a line each. */
export function settingsMessage(faults: readonly string[]): string {
  const count = faults.length === 1 ? "1 setting is wrong" : `${faults.length} settings are wrong`;
  return `${count}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`;
}

function givenSettings(schema: SettingsSchema, env: Environment): Record<string, string> {
  const texts = Object.keys(schema.shape).map((name) => [name, settingText(env[name])] as const);
  return Object.fromEntries(texts.flatMap(([name, text]) => (text === "" ? [] : [[name, text]])));
}

/** A platform's bindings may be numbers and booleans too. */
function settingText(value: unknown): string {
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? String(value).trim() : "";
}
