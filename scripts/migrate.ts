import { installMissing } from "./install.ts";

// `bun run db:migrate`: brings the schema of the database that PG* or DATABASE_URL names up to date.

await installMissing();
await import("./migrate/main.ts");
