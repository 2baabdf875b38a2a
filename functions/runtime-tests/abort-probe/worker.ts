import * as z from "zod";
import { defineJob } from "../../kit/define-job.ts";

const probe = defineJob({
  name: "abort-probe",
  payload: z.object({ url: z.url() }),
  run: async ({ url }, { signal }) => ({ status: (await fetch(url, { signal })).status }),
});

/** A function that waits for the URL of its payload as long as its worker does. */
export default { fetch: probe.fetch };
