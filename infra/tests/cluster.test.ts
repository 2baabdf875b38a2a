import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { taskUrl } from "#protocol/task-url";
import packageFile from "../../package.json";
import {
  allContainers,
  allPods,
  environmentOf,
  ourImage,
  peersOf,
  secretsReadBy,
  selectorsOf,
  settingsOfImage,
} from "./cluster-facts.ts";
import { makeSecrets } from "./make-secrets.ts";
import { at, containersOf, listAt, nameOf, podOf, textAt, textsAt } from "./manifest.ts";
import { renderOverlay } from "./render-overlay.ts";

/** What Knative reads; a misspelt key is no fault of any schema, and does nothing. */
const knownAnnotations = [
  "autoscaling.knative.dev/max-scale",
  "autoscaling.knative.dev/metric",
  "autoscaling.knative.dev/min-scale",
  "autoscaling.knative.dev/scale-down-delay",
  "autoscaling.knative.dev/target",
  "autoscaling.knative.dev/target-burst-capacity",
  "autoscaling.knative.dev/target-utilization-percentage",
];

/** What KEDA's postgresql trigger reads. */
const triggerKeys = ["dbName", "host", "port", "query", "sslmode", "targetQueryValue"];

const isPartOf = (part: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(part).every(([key, value]) => labels[key] === value);

const overlays = ["local", "production"].map(async (name) => ({
  name,
  made: await renderOverlay(`infra/kubernetes/overlays/${name}`),
}));

describe.each(await Promise.all(overlays))("in the overlay $name", ({ made }) => {
  const find = (kind: string, name: string) =>
    made.find((one) => one.kind === kind && one.metadata.name === name && one.apiVersion !== "v1");

  const deployment = find("Deployment", "job-service");
  const functions = made.filter(({ apiVersion }) => apiVersion === "serving.knative.dev/v1");
  const jobService = textsAt(
    made.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "job-service"),
    "data",
  );

  test("every selector finds a pod, and every peer of a policy is one", () => {
    const pods = allPods(made);
    const lost = made.flatMap((one) => [
      ...selectorsOf(one)
        .filter(
          (labels) =>
            Object.keys(labels).length === 0 ||
            !pods.some((pod) => pod.namespace === one.metadata.namespace && isPartOf(labels, pod.labels)),
        )
        .map((labels) => `${nameOf(one)} ${JSON.stringify(labels)}`),
      ...peersOf(one)
        .filter(
          ({ namespace, labels }) =>
            !pods.some((pod) => pod.namespace === namespace && isPartOf(labels, pod.labels)),
        )
        .map((peer) => `${nameOf(one)} ${JSON.stringify(peer)}`),
    ]);
    expect(lost).toEqual([]);
  });

  test("every port that goes by a name has one", () => {
    const names = allContainers(made).flatMap(({ container }) =>
      listAt(container, "ports").map((port) => textAt(port, "name")),
    );
    const named = JSON.stringify(made).matchAll(/"(?:targetPort|port)":"([a-z-]+)"/g);
    expect(
      [...named].map(([, port = ""]) => port).filter((port) => ![...names, "metrics"].includes(port)),
    ).toEqual([]);
  });

  test("every program of ours has the settings that it needs, and is told nothing that it does not know", () => {
    const faults = allContainers(made).flatMap((placed) => {
      const image = ourImage(placed.container);
      const schemas = image === undefined ? [] : (settingsOfImage[image] ?? []);
      if (image !== undefined) expect(schemas).not.toEqual([]);
      const env = environmentOf(placed, made);
      const known = schemas.flatMap(({ shape }) => Object.keys(shape));
      const unknown = Object.keys(env).filter((key) => image !== undefined && !known.includes(key));
      const wrong = schemas.flatMap((schema) => {
        const result = schema.safeParse(env);
        return result.success ? [] : [z.prettifyError(result.error)];
      });
      return [...unknown, ...wrong].map((fault) => `${nameOf(placed.owner)}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  test("no container is root, writes where it should not, or takes what it likes", () => {
    const faults = allContainers(made).flatMap(({ owner, pod, container }) => {
      const own = at(container, "securityContext");
      const both = { ...textsAt(pod, "spec", "securityContext"), ...Object(own) };
      const ok =
        String(both["runAsNonRoot"]) === "true" &&
        Number(both["runAsUser"]) > 0 &&
        at(own, "readOnlyRootFilesystem") === true &&
        at(own, "allowPrivilegeEscalation") === false &&
        textAt(own, "capabilities", "drop", 0) === "ALL" &&
        both["seccompProfile"] !== undefined &&
        textAt(container, "resources", "limits", "memory") !== "" &&
        textAt(container, "resources", "requests", "cpu") !== "";
      return ok ? [] : [`${nameOf(owner)} ${textAt(container, "name")}`];
    });
    expect(faults).toEqual([]);
  });

  test("every image has a version, ours that of package.json, and the migration's name says it", () => {
    const images = [...JSON.stringify(made).matchAll(/"image(?:Name)?":"([^"]+)"/g)].map(
      ([, image = ""]) => image,
    );
    expect(images.filter((image) => !/:[\w.-]*\d[\w.-]*$/.test(image) || image.endsWith(":latest"))).toEqual(
      [],
    );
    const ours = images.filter((image) => image.includes("knative-jobs/"));
    expect(ours.filter((image) => !image.endsWith(`:${packageFile.version}`))).toEqual([]);
    expect(find("Job", `migrate-${packageFile.version.replaceAll(".", "-")}`)).toBeDefined();
  });

  test("a job service that stops has more time than it takes, and tells its health", () => {
    const pod = podOf(deployment);
    const container = containersOf(pod)[0];
    const preStop = Number(textAt(container, "lifecycle", "preStop", "sleep", "seconds"));
    const drain = Number(jobService["JOBS_DRAIN_SECONDS"]);
    expect(preStop).toBeGreaterThan(0);
    expect(Number(textAt(pod, "spec", "terminationGracePeriodSeconds"))).toBeGreaterThan(preStop + drain);
    const paths = ["startupProbe", "readinessProbe", "livenessProbe"].map((probe) =>
      textAt(container, probe, "httpGet", "path"),
    );
    expect(paths).toEqual(["/readyz", "/readyz", "/healthz"]);
  });

  test("functions are the cluster's own, outlast the worker's patience, and take all that the workers send", () => {
    const scaled = find("ScaledObject", "job-service");
    const replicas = Number(textAt(scaled ?? deployment, "spec", scaled ? "maxReplicaCount" : "replicas"));
    const inFlight = replicas * Number(jobService["JOBS_CONCURRENCY"]);
    expect(functions.length).toBeGreaterThan(1);
    for (const { metadata, spec } of functions) {
      expect(metadata.labels["networking.knative.dev/visibility"]).toBe("cluster-local");
      const annotations = textsAt(spec, "template", "metadata", "annotations");
      expect(Object.keys(annotations).filter((key) => !knownAnnotations.includes(key))).toEqual([]);
      const seconds = Number(textAt(spec, "template", "spec", "timeoutSeconds"));
      expect(seconds).toBeGreaterThan(Number(jobService["JOBS_TIMEOUT_SECONDS"]));
      const atOnce = Number(textAt(spec, "template", "spec", "containerConcurrency"));
      expect(atOnce * Number(annotations["autoscaling.knative.dev/max-scale"])).toBeGreaterThanOrEqual(
        inFlight,
      );
      expect(annotations["autoscaling.knative.dev/target"]).toBe(String(atOnce));
    }
  });

  test("workers find each function by its name, and functions find the callback server", () => {
    for (const { metadata } of functions)
      expect(taskUrl(metadata.name, { baseUrl: jobService["KNATIVE_SERVICE_URL"], overrides: {} })).toEqual({
        url: `http://${metadata.name}.${metadata.namespace}.svc.cluster.local/`,
      });
    const url = new URL(jobService["INTERNAL_JOBS_CALLBACK_URL"] ?? "");
    const service = made.find(
      ({ apiVersion, kind, metadata }) =>
        `${apiVersion} ${kind} ${metadata.name}` === "v1 Service job-service",
    );
    expect(url.hostname).toBe(`job-service.${service?.metadata.namespace}.svc.cluster.local`);
    expect(textAt(service, "spec", "ports", 0, "port")).toBe(url.port);
    expect(jobService["INTERNAL_JOBS_CALLBACK_PORT"]).toBe(url.port);
    const guard = find("NetworkPolicy", "job-service");
    expect(textAt(guard, "spec", "ingress", 0, "ports", 0, "port")).toBe(url.port);
    const ways = listAt(find("NetworkPolicy", "functions"), "spec", "egress");
    expect(ways.map((way) => textAt(way, "ports", 0, "port"))).toContain(url.port);
  });

  test("of the addresses that are only reached from within, functions reach none by the way to the internet", () => {
    const open = listAt(find("NetworkPolicy", "functions"), "spec", "egress")
      .map((way) => at(way, "to", 0, "ipBlock"))
      .filter((block) => block !== undefined);
    expect(open.map((block) => listAt(block, "except").map(String).toSorted())).toEqual([
      ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    ]);
  });

  test("there is no secret in it, and each one that it reads is one that can be made", async () => {
    expect(made.filter(({ kind }) => kind === "Secret")).toEqual([]);
    expect(secretsReadBy(made).length).toBeGreaterThan(3);
    // CloudNativePG makes the owner's own.
    const known = ["jobs/jobs-db-app", ...(await makeSecrets()).made];
    expect(secretsReadBy(made).filter((secret) => !known.includes(secret))).toEqual([]);
  });
});

test("KEDA alone says how many job services there are, and is told nothing that its trigger does not read", async () => {
  const made = await renderOverlay("infra/kubernetes/overlays/production");
  const of = (kind: string) => made.find((one) => one.kind === kind && one.metadata.name === "job-service");
  expect(at(of("Deployment"), "spec", "replicas")).toBeUndefined();
  expect(Number(textAt(of("ScaledObject"), "spec", "minReplicaCount"))).toBeGreaterThan(1);
  const trigger = textsAt(of("ScaledObject"), "spec", "triggers", 0, "metadata");
  expect(Object.keys(trigger).filter((key) => !triggerKeys.includes(key))).toEqual([]);
});
