import { join } from "node:path";
import { z } from "zod";

/** The repository's root folder. */
export const root = join(import.meta.dirname, "../..");

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});

/** One object of Kubernetes, as a YAML document has it. */
export type Manifest = z.infer<typeof manifest>;

/** Gives the documents of a YAML text. */
export function parseManifests(text: string): Manifest[] {
  return [Bun.YAML.parse(text)].flat().map((document) => manifest.parse(document));
}

/** Gives what lies at a path of keys and places, or undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? Reflect.get(inner, String(key)) : undefined,
    value,
  );
}

/** Gives the members of a list at a path; none where there is no list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}

/** Gives the text at a path, a number as its digits; empty where there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

/** Gives an object's entries at a path as text; none where there is no object. */
export function textsAt(value: unknown, ...path: readonly (string | number)[]): Record<string, string> {
  return z
    .record(z.string(), z.coerce.string())
    .catch({})
    .parse(at(value, ...path));
}

/** Gives an object's name with its kind and namespace, for a person. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace ?? "-"}/${metadata.name}`;
}

/** Gives the pod template of a Deployment, Job or Knative Service, or undefined for another kind. */
export function podOf(one: Manifest | undefined): unknown {
  return ["Deployment", "Job", "Service"].includes(one?.kind ?? "") ? at(one, "spec", "template") : undefined;
}

/** Gives all containers of a pod template. */
export function containersOf(template: unknown): unknown[] {
  return [...listAt(template, "spec", "initContainers"), ...listAt(template, "spec", "containers")];
}
