import { installMissing } from "./install.ts";

await installMissing();
await import("./start/main.ts");
