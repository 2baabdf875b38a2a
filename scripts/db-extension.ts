import { installMissing } from "./install.ts";

// `bun run db:extension [FOLDER]`: writes the schema as an extension of Postgres.

await installMissing();
await import("./forms/extension.ts");
