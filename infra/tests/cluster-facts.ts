import type { z } from "zod";
import { kitSettings } from "../../functions/kit/config.ts";
import { sendEmailLinkSettings } from "../../functions/send-email-link/config.ts";
import { simpleEmailSettings } from "../../functions/simple-email/config.ts";
import { jobServiceSettings } from "../../services/job-service/settings.ts";
import { at, containersOf, listAt, type Manifest, podOf, textAt, textsAt } from "./manifest.ts";

/** The settings objects of the programs in an image of ours, by the image's name. */
export const settingsOfImage: Record<string, readonly z.ZodObject<Record<string, z.ZodType>>[]> = {
  "job-service": [jobServiceSettings],
  "send-email-link": [sendEmailLinkSettings, kitSettings],
  "simple-email": [simpleEmailSettings, kitSettings],
};

/** Values that secrets could have. A secret's key is named as its setting, but for the two of a Postgres role. */
const secretValues: Record<string, string> = {
  username: "some_role",
  password: "some-password",
  JOBS_SIGNING_SECRETS: `whsec_${btoa("a".repeat(32))}`,
  MAILGUN_API_KEY: "some-key",
};

/** A container with the pod around it. */
export type Placed = { readonly owner: Manifest; readonly pod: unknown; readonly container: unknown };

/** Gives every container that the manifests make. */
export function allContainers(manifests: readonly Manifest[]): Placed[] {
  return manifests.flatMap((owner) => {
    const pod = podOf(owner);
    return containersOf(pod).map((container) => ({ owner, pod, container }));
  });
}

/** Gives the name of an image of ours without its registry and tag, or undefined for another's. */
export function ourImage(container: unknown): string | undefined {
  return /(?:^|\/)knative-jobs\/([\w-]+):/.exec(textAt(container, "image"))?.[1];
}

/** Gives the environment that a container will have: from its ConfigMaps, and with a made-up value for each secret. */
export function environmentOf(
  { owner, container }: Placed,
  manifests: readonly Manifest[],
): Record<string, string> {
  const maps = listAt(container, "envFrom").map((source) => {
    const name = textAt(source, "configMapRef", "name");
    const map = manifests.find(
      ({ kind, metadata }) =>
        kind === "ConfigMap" && metadata.name === name && metadata.namespace === owner.metadata.namespace,
    );
    if (map === undefined)
      throw new Error(`${owner.metadata.name} reads a ConfigMap ${name} that is not there.`);
    return textsAt(map, "data");
  });
  const single = listAt(container, "env").map((entry) => {
    const key = textAt(entry, "valueFrom", "secretKeyRef", "key");
    if (key !== "" && secretValues[key] === undefined) throw new Error(`No secret of ours has a key ${key}.`);
    return [textAt(entry, "name"), secretValues[key] ?? (textAt(entry, "value") || "some-name")];
  });
  return Object.assign({}, ...maps, Object.fromEntries(single));
}

/** Gives the labels of every pod that the manifests make, with their namespaces, those that operators make included. */
export function allPods(
  manifests: readonly Manifest[],
): { namespace: string; labels: Record<string, string> }[] {
  return manifests.flatMap((one) => {
    const namespace = one.metadata.namespace ?? "";
    if (one.kind === "Cluster")
      return [{ namespace, labels: { "cnpg.io/cluster": one.metadata.name, "cnpg.io/podRole": "instance" } }];
    const template = podOf(one);
    return template === undefined ? [] : [{ namespace, labels: textsAt(template, "metadata", "labels") }];
  });
}

/** Gives the selectors of pods in a manifest's own namespace. */
export function selectorsOf(one: Manifest): Record<string, string>[] {
  const { spec, kind } = one;
  if (kind === "Service" && one.apiVersion === "v1") return [textsAt(spec, "selector")];
  const inPod = listAt(podOf(one), "spec", "topologySpreadConstraints").map((each) =>
    textsAt(each, "labelSelector", "matchLabels"),
  );
  const own = ["Deployment", "PodDisruptionBudget", "PodMonitor"].includes(kind)
    ? [textsAt(spec, "selector", "matchLabels")]
    : [];
  return [
    ...inPod,
    ...own,
    ...(kind === "NetworkPolicy" ? [textsAt(spec, "podSelector", "matchLabels")] : []),
  ];
}

/** Gives the pods of other namespaces, or of its own, that a NetworkPolicy names by label. */
export function peersOf(one: Manifest): { namespace: string; labels: Record<string, string> }[] {
  const rules = [...listAt(one["spec"], "ingress"), ...listAt(one["spec"], "egress")];
  return rules
    .flatMap((rule) => [...listAt(rule, "from"), ...listAt(rule, "to")])
    .filter((peer) => at(peer, "podSelector") !== undefined)
    .map((peer) => ({
      namespace:
        textAt(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name") ||
        (one.metadata.namespace ?? ""),
      labels: textsAt(peer, "podSelector", "matchLabels"),
    }));
}

/** Gives the Secrets that the manifests read, as `namespace/name`. */
export function secretsReadBy(manifests: readonly Manifest[]): string[] {
  const all = manifests.flatMap(({ metadata, spec }) => {
    const read = JSON.stringify(spec ?? {}).matchAll(
      /"(?:secretKeyRef|passwordSecret|secretRef)":(\{[^}]*\})|"secretTargetRef":\[(\{[^}]*\})/g,
    );
    return [...read].map(
      ([, one, many]) => `${metadata.namespace}/${textAt(JSON.parse(one ?? many ?? "{}"), "name")}`,
    );
  });
  return [...new Set(all)];
}
