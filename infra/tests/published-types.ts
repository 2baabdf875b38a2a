import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Manifest, nameOf, root } from "./manifest.ts";

/** The packages of the published types, by the end of an API group; the built-in groups have no dot or end in k8s.io. */
const packages: readonly (readonly [RegExp, string])[] = [
  [/^serving\.knative\.dev$/, "@kubernetes-models/knative"],
  [/^keda\.sh$/, "@kubernetes-models/keda"],
  [/^monitoring\.coreos\.com$/, "@kubernetes-models/prometheus-operator"],
  [/^$|^[a-z]+$|\.k8s\.io$/, "kubernetes-models"],
];

const name = z.string().regex(/^[a-z0-9-]{1,63}$/);
const secretName = z.strictObject({ name });
const resources = z.strictObject({
  requests: z.record(z.string(), z.string()),
  limits: z.record(z.string(), z.string()),
});

/** CloudNativePG publishes no types: these are the fields of its schemas that we use, and any other is a fault. */
const cloudNativePg: Record<string, z.ZodType> = {
  Cluster: z.strictObject({
    instances: z.int().positive(),
    imageName: z.string(),
    enableSuperuserAccess: z.boolean(),
    storage: z.strictObject({ size: z.string() }),
    resources,
    affinity: z.strictObject({
      enablePodAntiAffinity: z.boolean(),
      topologyKey: z.string(),
      podAntiAffinityType: z.enum(["preferred", "required"]),
    }),
    postgresql: z.strictObject({ parameters: z.record(z.string(), z.string()) }),
    bootstrap: z.strictObject({
      initdb: z.strictObject({
        database: z.string(),
        owner: z.string(),
        postInitApplicationSQL: z.array(z.string()),
      }),
    }),
    managed: z.strictObject({
      roles: z.array(
        z.strictObject({
          name: z.string(),
          ensure: z.enum(["present", "absent"]),
          login: z.boolean(),
          connectionLimit: z.int().optional(),
          passwordSecret: secretName.optional(),
        }),
      ),
    }),
    monitoring: z.strictObject({
      customQueriesConfigMap: z.array(z.strictObject({ name, key: z.string() })),
    }),
  }),
  Pooler: z.strictObject({
    cluster: secretName,
    instances: z.int().positive(),
    type: z.enum(["rw", "ro", "r"]),
    pgbouncer: z.strictObject({
      poolMode: z.enum(["session", "transaction"]),
      parameters: z.record(z.string(), z.string()),
    }),
  }),
};

/**
 * Gives the faults of manifests by the published types of their kinds, fields that no type has included.
 *
 * Each manifest becomes an object literal of its type, which the compiler of the gate reads.
 */
export async function findSchemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const isTheirs = ({ apiVersion }: Manifest) => apiVersion === "postgresql.cnpg.io/v1";
  const byTypes = await findTypeFaults(manifests.filter((one) => !isTheirs(one)));
  const byFields = manifests.filter(isTheirs).flatMap((one) => {
    const result = (cloudNativePg[one.kind] ?? z.never()).safeParse(one["spec"]);
    return result.success ? [] : [`${nameOf(one)}: ${z.prettifyError(result.error)}`];
  });
  return [...byTypes, ...byFields];
}

async function findTypeFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = await mkdtemp(join(root, "node_modules/.manifests-"));
  try {
    await Bun.write(join(folder, "tsconfig.json"), tsconfig);
    await Promise.all(
      manifests.map((one, n) => Bun.write(join(folder, `${fileName(one)}-${n}.ts`), literalOf(one))),
    );
    const compiler = [process.execPath, join(root, "node_modules/typescript/lib/tsc.js"), "-p", folder];
    const child = Bun.spawn([...compiler, "--pretty", "false"], { cwd: folder, stdout: "pipe" });
    const output = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? [] : output.trim().split("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const tsconfig = JSON.stringify({
  compilerOptions: {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    moduleDetection: "force",
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  },
  include: ["*.ts"],
});

function fileName({ kind, metadata }: Manifest): string {
  return `${kind}-${metadata.name}`;
}

function literalOf(one: Manifest): string {
  const group = one.apiVersion.includes("/") ? (one.apiVersion.split("/")[0] ?? "") : "";
  const from = packages.find(([pattern]) => pattern.test(group))?.[1];
  if (from === undefined) throw new Error(`No types are known for ${one.apiVersion}.`);
  return [
    `import type { I${one.kind} } from "${from}/${one.apiVersion}/${one.kind}";`,
    `export const manifest: I${one.kind} = ${JSON.stringify(one, null, 2)};`,
  ].join("\n");
}
