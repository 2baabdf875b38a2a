import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaName, schemaNameInWords } from "./client/schema-name.ts";

/** Folder of the migrations as they are written, for the schema `app_jobs`. */
export const migrationsFolder = join(import.meta.dirname, "migrations");

/** Table, in the jobs' own schema, that lists what was applied; an application's own drizzle journal stays apart. */
export const journalTable = "migrations";

/**
 * Gives a text of the migrations with another schema's name in the place of `app_jobs`.
 *
 * @throws Error when the name is not a plain lower-case identifier of at most 63 characters.
 */
export function renderSql(text: string, schema: string): string {
  if (!schemaName.test(schema))
    throw new Error(
      `Cannot use the schema ${JSON.stringify(schema)}: it is not ${schemaNameInWords}. Change JOBS_SCHEMA.`,
    );
  return schema === "app_jobs" ? text : text.replaceAll(/\bapp_jobs\b/g, `"${schema}"`);
}

/** A folder that drizzle can migrate from; disposing of it removes it. */
export type RenderedMigrations = AsyncDisposable & { readonly folder: string };

/**
 * Gives the migrations of a folder, written for this schema, as a temporary folder; or the folder itself, for the schema that they are
 * written for: a container without a writable folder can apply them.
 */
export async function renderMigrations(schema: string, source: string): Promise<RenderedMigrations> {
  if (schema === "app_jobs") return { folder: source, [Symbol.asyncDispose]: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), "jobs-migrations-"));
  for (const name of await readdir(source, { recursive: true })) {
    const text = () => readFile(join(source, name), "utf8");
    if (name.endsWith(".sql")) await writeFile(join(folder, name), renderSql(await text(), schema));
    if (name.endsWith(".json")) await Bun.write(join(folder, name), await text());
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
