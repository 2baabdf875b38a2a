/** Gives the files of a new function, by name: as small as one can be, to be changed. */
export function functionFiles(name: string): Readonly<Record<string, string>> {
  const exported = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return {
    "index.ts": index(name, exported),
    [`${name}.test.ts`]: tests(name, exported),
    "main.ts": `import { serveJob } from "../serve/main.ts";
import { ${exported} } from "./index.ts";

await serveJob(${exported});
`,
    "worker.ts": `import { edgeHandler } from "../kit/edge-handler.ts";
import { ${exported} } from "./index.ts";

/** The function as an edge runtime asks for it. */
export default edgeHandler(${exported});
`,
    "wrangler.jsonc": `// The edge form of this function. Settings come as vars, secrets by \`wrangler secret put\`; none belongs into this file.
{
  "$schema": "../../node_modules/wrangler/config-schema.json",
  "name": "${name}",
  "main": "worker.ts",
  "compatibility_date": "2026-09-01",
  "minify": true,
  "observability": { "enabled": true },
  // Refused at deployment while it is not set: anybody can reach an edge worker.
  "secrets": { "required": ["JOBS_SIGNING_SECRETS"] }
}
`,
    "README.md": readme(name),
  };
}

function index(name: string, exported: string): string {
  return `import * as z from "zod";
import { defineJob, type Job } from "../kit/define-job.ts";

/** The function ${name}. */
export const ${exported}: Job = defineJob({
  name: "${name}",
  payload: z.object({ to: z.string("expected a text").min(1) }),
  run: ({ to }, { signal }) => {
    signal.throwIfAborted();
    return { said: \`Hello \${to}\` };
  },
});
`;
}

function tests(name: string, exported: string): string {
  return `import { expect, test } from "bun:test";
import { postJob } from "../testing/post-job.ts";
import { ${exported} } from "./index.ts";

test("${name} completes", async () => {
  const response = await postJob(${exported}, { to: "Ada" });
  expect([response.status, await response.json()]).toEqual([200, { complete: true, said: "Hello Ada" }]);
});

test("a payload without its field is refused for good", async () => {
  const response = await postJob(${exported}, {});
  expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([400, "false"]);
  expect(await response.json()).toEqual({ error: "Missing required field: to" });
});
`;
}

function readme(name: string): string {
  return `# ${name}

Says hello. Say here in one sentence what it does.

**In:** \`to\`. **Out:** \`{ "complete": true, "said": "…" }\`.

Settings, where it gets some, are one zod object in \`config.ts\`, handed to \`defineJob\` as \`env\`.

**Must not be imported:** other functions.
`;
}
