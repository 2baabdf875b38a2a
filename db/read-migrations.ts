import { join } from "node:path";
import { z } from "zod";
import { migrationsFolder, renderSql } from "./render-migrations.ts";

/** One migration, as it is applied: its text is written for the schema, and its hash is what drizzle's journal keeps. */
export type Migration = {
  /** Its file's name without `.sql`, such as `0001_jobs`. */
  readonly tag: string;
  /** Its place in time, ms since 1970; drizzle applies what is later than the last one that it applied. */
  readonly when: number;
  readonly text: string;
  readonly hash: string;
};

const journal = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });

/** Gives the migrations in their order, written for this schema: for whatever applies them otherwise than by drizzle. */
export async function readMigrations(schema = "app_jobs", folder = migrationsFolder): Promise<Migration[]> {
  const { entries } = journal.parse(await Bun.file(join(folder, "meta/_journal.json")).json());
  return await Promise.all(
    entries.map(async ({ tag, when }) => {
      const text = renderSql(await Bun.file(join(folder, `${tag}.sql`)).text(), schema);
      return { tag, when, text, hash: new Bun.CryptoHasher("sha256").update(text).digest("hex") };
    }),
  );
}
