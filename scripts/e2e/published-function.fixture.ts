import type { AddressInfo } from "node:net";
import app from "@constructive-io/knative-job-fn";

// A function as the published kit's users write it. Run by published-function.test.ts as a process of its own.

/** A job as it reached the handler. */
export type Seen = {
  readonly payload: unknown;
  readonly jobId: string;
  readonly workerId: string;
  readonly databaseId: string;
  readonly attempt: string;
};

type Request = { readonly body: { readonly fail?: string }; readonly get: (name: string) => string };
type Response = {
  readonly json: (body: unknown) => void;
  readonly status: (status: number) => Response;
};

const seen: Seen[] = [];

app.post("/", async (request: Request, response: Response) => {
  const attempt = request.get("X-Job-Attempt");
  seen.push({
    payload: request.body,
    jobId: request.get("X-Job-Id"),
    workerId: request.get("X-Worker-Id"),
    databaseId: request.get("X-Database-Id"),
    attempt,
  });
  if (attempt === "1" && request.body.fail === "throw") throw new Error("no paint left");
  if (attempt === "1" && request.body.fail === "status") {
    response.status(500).json({ error: "no brush" });
    return;
  }
  response.json({ complete: true });
});

// Without the headers of a job, so that the kit sends no callback for it.
app.post("/seen", (_request: Request, response: Response) => response.json(seen));

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on port ${portOf(server.address())}`);
});

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}
