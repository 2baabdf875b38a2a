import { expect, test } from "bun:test";
import { compiledModule } from "./compiled-module.ts";
import { templateFiles } from "./template-files.ts";

test.each(templateFiles)("$compiled is what its template compiles to", async (file) => {
  const committed = await Bun.file(file.compiled).text();
  if (committed !== (await compiledModule(file)))
    throw new Error(`${file.compiled} is stale. Run: bun run email:compile`);
  expect(committed).toContain("{{link}}");
});
