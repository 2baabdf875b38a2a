import { installMissing } from "./install.ts";

await installMissing();
// Without it, PostGraphile prints a paragraph of advice to its developers.
process.env["GRAPHILE_ENV"] ??= "production";
await import("./start/main.ts");
