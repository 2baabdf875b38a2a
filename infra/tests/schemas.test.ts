import { expect, test } from "bun:test";
import { type Manifest, parseManifests, root } from "./manifest.ts";
import { findSchemaFaults } from "./published-types.ts";
import { renderOverlay } from "./render-overlay.ts";

const overlay = (name: string) => `infra/kubernetes/overlays/${name}`;

test.each(["local", "production"])(
  "every manifest of the overlay %s holds against its schema",
  async (name) => {
    expect(await findSchemaFaults(await renderOverlay(overlay(name)))).toEqual([]);
  },
);

type Kind = { readonly kind: string; readonly apiVersion: string };

/** Gives the first object of a kind in production, with a fault in it. */
async function withFault({ kind, apiVersion }: Kind, from: string, to: string): Promise<Manifest[]> {
  const made = await renderOverlay(overlay("production"));
  const one = made.find((other) => other.kind === kind && other.apiVersion === apiVersion);
  const text = JSON.stringify(one);
  expect(text).toContain(from);
  return parseManifests(text.replace(from, to));
}

test.each([
  ["Deployment", "apps/v1", '"readinessProbe"', '"readinesProbe"'],
  ["Service", "serving.knative.dev/v1", '"containerConcurrency"', '"containerConcurency"'],
  ["Service", "serving.knative.dev/v1", '"timeoutSeconds":300', '"timeoutSeconds":"300"'],
  ["ScaledObject", "keda.sh/v1alpha1", '"minReplicaCount"', '"minReplicas"'],
  ["PodMonitor", "monitoring.coreos.com/v1", '"podMetricsEndpoints"', '"endpoints"'],
  ["Cluster", "postgresql.cnpg.io/v1", '"storage"', '"storge"'],
  ["NetworkPolicy", "networking.k8s.io/v1", '"namespaceSelector"', '"namespaceSelecter"'],
])("a fault in a %s of %s is found: %s as %s", async (...[kind, apiVersion, from, to]) => {
  expect(await findSchemaFaults(await withFault({ kind, apiVersion }, from, to))).not.toEqual([]);
});

const kubectl = Bun.which("kubectl");
const kustomize = Bun.which("kustomize");
const program = kustomize ? [kustomize, "build"] : kubectl ? [kubectl, "kustomize"] : undefined;

test.skipIf(program === undefined).each(["local", "production"])(
  "kustomize makes of the overlay %s what the checks make (skipped without kubectl and kustomize)",
  async (name) => {
    const child = Bun.spawn([...(program ?? []), overlay(name)], {
      cwd: root,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [text, errors] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(errors).toBe("");
    const generated = /\b(job-service|grants|mail|send-email-link)-(?=[a-z0-9]{10}\b)[bcdfghkmt0-9]{10}\b/g;
    const theirs = parseManifests(text.replaceAll(generated, "$1"));
    expect(inOrder(theirs)).toEqual(inOrder(await renderOverlay(overlay(name))));
    // A generated name without its hash would be one that no object has.
    const read = [...text.matchAll(/configMap(?:Ref)?:\s+name: (.*)/g)].map(([, named = ""]) => named);
    expect(read.length).toBeGreaterThan(4);
    expect(read.filter((named) => !/-[a-z0-9]{10}$/.test(named))).toEqual([]);
  },
);

function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const key = ({ apiVersion, kind, metadata }: Manifest) =>
    `${apiVersion} ${kind} ${metadata.namespace} ${metadata.name}`;
  return [...manifests].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
