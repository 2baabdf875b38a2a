import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import { allContainers, environmentOf, ourImage } from "./cluster-facts.ts";
import { renderOverlay } from "./render-overlay.ts";
import { withClusterRoles } from "./with-cluster-roles.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("with the Deployment's settings and its role's rights a job service works off what an enqueuer adds", async () => {
  const made = await renderOverlay("infra/kubernetes/overlays/production");
  const placed = allContainers(made).find(
    ({ owner, container }) => owner.kind === "Deployment" && ourImage(container) === "job-service",
  );
  if (placed === undefined) throw new Error("There is no job service.");
  await using cluster = await withClusterRoles();
  await using fn = await withFunction(() => new Response(null, { status: 200 }));
  await using service = withProcess("services/job-service/main.ts", {
    ...environmentOf(placed, made),
    ...cluster.envOf("jobs_service"),
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
  });
  await until("the service is ready", () => service.output().includes("ready"), 50_000);
  await cluster.as("jobs_enqueuer")`select app_jobs.add_job(${tenant}, 'simple-email')`;
  await until("the job is done", async () => {
    const left = await cluster.database.sql`select from app_jobs.jobs`;
    return fn.requests.length === 1 && left.length === 0;
  });
  const headers = fn.requests[0]?.headers;
  expect(headers?.get("webhook-signature")).toStartWith("v1,");
  expect(headers?.get("X-Callback-Url")).toStartWith(
    "http://job-service.jobs.svc.cluster.local:8080/callback?",
  );
  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
});
