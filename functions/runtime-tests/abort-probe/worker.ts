import * as z from "zod";
import { defineJob, type Job } from "../../kit/define-job.ts";

/** Waits for the URL of its payload as long as its worker does. */
export const abortProbe: Job = defineJob({
  name: "abort-probe",
  payload: z.object({ url: z.url() }),
  run: async ({ url }, { signal }) => ({ status: (await fetch(url, { signal })).status }),
});

/** The function as an edge runtime asks for it. */
export default { fetch: abortProbe.fetch };
