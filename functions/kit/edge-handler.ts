import type { Job } from "./define-job.ts";
import type { Environment } from "./settings.ts";

/** What an edge runtime wants from a module's default export. */
export type EdgeHandler = {
  /** `platform`: the bindings in workerd; in Deno what it tells of the connection. */
  readonly fetch: (request: Request, platform: object) => Promise<Response>;
};

type DenoGlobal = { readonly Deno?: { readonly env: { readonly toObject: () => Record<string, string> } } };

/**
 * Gives a function as Cloudflare's workerd and `deno serve` ask for it.
 *
 * workerd hands the settings over with each request, Deno has them in its environment (which needs `--allow-env`). They are read
 * once there, into one object, since settings are parsed once for each.
 */
export function edgeHandler(job: Pick<Job, "fetch">): EdgeHandler {
  const { Deno } = globalThis as DenoGlobal;
  const environment = Deno?.env.toObject();
  return { fetch: (request, platform) => job.fetch(request, environment ?? (platform as Environment)) };
}
