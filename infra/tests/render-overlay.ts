import { basename, join } from "node:path";
import { z } from "zod";
import { at, type Manifest, parseManifests, root } from "./manifest.ts";

// As much of kustomize as our overlays use, so that a machine with nothing but Node checks what a cluster will get. What is not
// here is refused, and where kubectl is at hand a test compares the two. The names of generated ConfigMaps get no hash here.

const operation = z.strictObject({
  op: z.enum(["add", "replace", "remove", "test"]),
  path: z.string().startsWith("/"),
  value: z.unknown().optional(),
});

const kustomization = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(["Kustomization", "Component"]),
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  configurations: z.array(z.string()).default([]),
  configMapGenerator: z
    .array(
      z.strictObject({
        name: z.string(),
        namespace: z.string(),
        behavior: z.literal("merge").optional(),
        literals: z.array(z.string().includes("=")).default([]),
        files: z.array(z.string()).default([]),
        options: z
          .strictObject({
            labels: z.record(z.string(), z.string()),
            disableNameSuffixHash: z.literal(true).optional(),
          })
          .optional(),
      }),
    )
    .default([]),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string() })).default([]),
  patches: z
    .array(
      z.strictObject({
        target: z.strictObject({
          group: z.string().optional(),
          kind: z.string(),
          name: z.string().optional(),
        }),
        patch: z.string().transform((text) => z.array(operation).parse(Bun.YAML.parse(text))),
      }),
    )
    .default([]),
});

type Kustomization = z.infer<typeof kustomization>;

/** Gives the objects that an overlay makes, or the folder of any other kustomization. */
export async function renderOverlay(folder: string): Promise<Manifest[]> {
  return render(folder, []);
}

async function render(folder: string, before: readonly Manifest[]): Promise<Manifest[]> {
  const file = kustomization.parse(Bun.YAML.parse(await readText(folder, "kustomization.yaml")));
  let made = [...before];
  for (const path of file.resources)
    made.push(
      ...(path.endsWith(".yaml")
        ? parseManifests(await readText(folder, path))
        : await render(join(folder, path), [])),
    );
  for (const map of file.configMapGenerator) made = withConfigMap(made, map, await entriesOf(folder, map));
  for (const path of file.components) made = await render(join(folder, path), made);
  for (const patch of file.patches) applyPatch(made, patch);
  for (const image of file.images) renameImage(made, image);
  return made;
}

function readText(folder: string, path: string): Promise<string> {
  return Bun.file(join(root, folder, path)).text();
}

async function entriesOf(folder: string, map: Kustomization["configMapGenerator"][number]) {
  const literals = map.literals.map((text) => [text.split("=")[0] ?? "", text.replace(/^[^=]*=/, "")]);
  const files = map.files.map(async (path) => [basename(path), await readText(folder, path)]);
  return Object.fromEntries([...literals, ...(await Promise.all(files))]) as Record<string, string>;
}

function withConfigMap(
  made: readonly Manifest[],
  { name, namespace, behavior, options }: Kustomization["configMapGenerator"][number],
  entries: Record<string, string>,
): Manifest[] {
  const isSame = ({ kind, metadata }: Manifest) =>
    kind === "ConfigMap" && metadata.name === name && metadata.namespace === namespace;
  const old = made.find(isSame);
  if ((old !== undefined) !== (behavior === "merge"))
    throw new Error(`The ConfigMap ${name} is ${old ? "made twice" : "not there to merge with"}.`);
  const data = { ...z.record(z.string(), z.string()).catch({}).parse(old?.["data"]), ...entries };
  const metadata = { name, namespace, labels: options?.labels ?? {} };
  return [...made.filter((one) => one !== old), { apiVersion: "v1", kind: "ConfigMap", metadata, data }];
}

function applyPatch(made: readonly Manifest[], { target, patch }: Kustomization["patches"][number]): void {
  const targets = made.filter(
    ({ apiVersion, kind, metadata }) =>
      kind === target.kind &&
      (target.name ?? metadata.name) === metadata.name &&
      (target.group === undefined || apiVersion.startsWith(`${target.group}/`)),
  );
  if (targets.length === 0)
    throw new Error(`No object is a ${target.kind} ${target.name ?? ""} that a patch wants.`);
  for (const one of targets) for (const step of patch) applyStep(one, step);
}

function applyStep(one: Manifest, { op, path, value }: z.infer<typeof operation>): void {
  const keys = path
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/"));
  const last = keys.pop() ?? "";
  const parent = at(one, ...keys);
  if (typeof parent !== "object" || parent === null) throw new Error(`A patch finds nothing at ${path}.`);
  const old: unknown = Reflect.get(parent, last);
  if (op !== "add" && old === undefined) throw new Error(`A patch finds nothing at ${path}.`);
  if (op === "test") {
    if (!Bun.deepEquals(old, value)) throw new Error(`A patch finds something else at ${path}.`);
  } else if (op === "remove") {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else Reflect.deleteProperty(parent, last);
  } else if (Array.isArray(parent) && last === "-") parent.push(structuredClone(value));
  else Reflect.set(parent, last, value);
}

function renameImage(made: readonly Manifest[], { name, newName }: Kustomization["images"][number]): void {
  const rename = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const image: unknown = Reflect.get(value, "image");
    if (typeof image === "string" && image.startsWith(`${name}:`))
      Reflect.set(value, "image", `${newName}${image.slice(name.length)}`);
    Object.values(value).forEach(rename);
  };
  made.forEach(rename);
}
