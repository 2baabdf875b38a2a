import { installMissing } from "./install.ts";

// `bun run docs`: writes the pages of docs/ that are rendered: the settings, from the code, and the SQL reference, from a database.

await installMissing();
await import("./docs/main.ts");
