import { installMissing } from "./install.ts";

// `bun run --silent db:sql [FILE] [--adopt | --back]`: writes the schema as one file of SQL.

await installMissing();
await import("./forms/sql.ts");
