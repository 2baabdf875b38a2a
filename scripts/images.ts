import { stopTestCluster } from "../services/testing/with-database.ts";
import { findEngine } from "./image/engine.ts";
import { runTool } from "./image/engines/run-tool.ts";
import { imagesOf } from "./image/images.ts";
import { type Finding, verifyFlow, verifyImage, verifyLocalStack } from "./image/verify-images.ts";

// `bun run images` builds every image with docker, podman or buildah, whichever is here; `bun run images NAME …` some of them;
// `bun run images test` builds all, looks at each, and lets them turn jobs into mails between them.

const words = process.argv.slice(2);
const isTest = words[0] === "test";

try {
  const revision = await runTool(["git", "rev-parse", "HEAD"]).catch(() => "unknown");
  const images = imagesOf(revision.trim());
  const names = isTest || words.length === 0 ? [...images.keys()] : words;
  const stranger = names.find((name) => !images.has(name));
  if (stranger !== undefined)
    throw new Error(`There is no image ${stranger}. Use one of: ${[...images.keys()].join(", ")}.`);

  const engine = await findEngine();
  // A build behind a proxy needs the proxy's certificate, at a path of the build's own image.
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  const proxy = certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates };
  for (const [name, image] of images) {
    if (!names.includes(name)) continue;
    const startedAt = performance.now();
    await engine.build({ ...image, args: { ...image.args, ...proxy } });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(`built ${image.tag} with ${engine.name} in ${seconds} s`);
  }
  if (isTest) {
    for (const name of names) report(await verifyImage(engine, name));
    report(await verifyFlow(engine));
    report(await verifyLocalStack(engine));
  }
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault);
  process.exitCode = 1;
} finally {
  await stopTestCluster();
}

function report(findings: readonly Finding[]): void {
  for (const { holds, what } of findings) {
    console.log(`${holds ? "✔" : "✘"} ${what}`);
    if (!holds) process.exitCode = 1;
  }
}
