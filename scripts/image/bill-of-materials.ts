import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const about = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});
// A package's entry of the lock file: its name and version, where it comes from, what it needs, and its hash.
const lockFile = z.object({ packages: z.record(z.string(), z.array(z.unknown())) });

type Component = { readonly "bom-ref": string; readonly [field: string]: unknown };

/**
 * Gives the bill of materials of a program in CycloneDX 1.6: the packages whose modules went into it, by the versions and hashes of the
 * lock file, and Bun. It holds no time and no chance, so that the same sources give the same bytes.
 */
export async function billOfMaterials(name: string, modules: readonly string[]): Promise<string> {
  const lock = lockFile.parse(Bun.JSONC.parse(await Bun.file(join(root, "bun.lock")).text()));
  const own = await readAbout("");
  const folders = new Set(
    modules.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const libraries = await Promise.all([...folders].sort().map((folder) => libraryOf(folder, lock.packages)));
  const bun: Component = {
    type: "platform",
    "bom-ref": `pkg:generic/bun@${Bun.version}`,
    name: "bun",
    version: Bun.version,
    purl: `pkg:generic/bun@${Bun.version}`,
    licenses: [{ license: { id: "MIT" } }],
  };
  const components = [bun, ...libraries];
  return `${JSON.stringify(
    {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      serialNumber: `urn:uuid:${uuidOf(JSON.stringify([name, own.version, components]))}`,
      version: 1,
      metadata: {
        component: { type: "application", "bom-ref": name, name, version: own.version },
      },
      components,
      dependencies: [{ ref: name, dependsOn: components.map((component) => component["bom-ref"]) }],
    },
    null,
    2,
  )}\n`;
}

async function libraryOf(
  folder: string,
  locked: Readonly<Record<string, readonly unknown[]>>,
): Promise<Component> {
  const { name, version, license } = await readAbout(folder);
  const entry = Object.values(locked).find(([id]) => id === `${name}@${version}`);
  const hash = entry?.findLast((part) => typeof part === "string" && part.startsWith("sha512-"));
  if (typeof hash !== "string")
    throw new Error(`Cannot list ${name} ${version}: bun.lock does not have it. Run "bun install".`);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    hashes: [
      { alg: "SHA-512", content: Buffer.from(hash.slice("sha512-".length), "base64").toString("hex") },
    ],
    ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
  };
}

async function readAbout(folder: string): Promise<z.infer<typeof about>> {
  return about.parse(await Bun.file(join(root, folder, "package.json")).json());
}

/** A UUID of version 8, RFC 9562 §5.8: made of a hash. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
