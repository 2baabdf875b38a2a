import { defineConfig } from "drizzle-kit";

const { DATABASE_URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = process.env;

/** For `drizzle-kit migrate` and `generate --custom`. It serves the schema `app_jobs`; for another, `bun run db:migrate`. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./db/client/connect.ts",
  out: "./db/migrations",
  migrations: { schema: "app_jobs", table: "migrations" },
  dbCredentials:
    DATABASE_URL === undefined
      ? {
          host: PGHOST ?? "localhost",
          port: Number(PGPORT ?? 5432),
          user: PGUSER ?? "postgres",
          password: PGPASSWORD ?? "",
          database: PGDATABASE ?? "postgres",
          ssl: false,
        }
      : { url: DATABASE_URL },
});
