import { join } from "node:path";
import type { Context, Next } from "hono";
import type { z } from "zod";
import { findServer } from "#db/connection/find-server";
import { databaseFault } from "../database/describe-database.ts";
import { createHealthApp } from "../health/create-health-app.ts";
import { isLocalHost } from "../http/is-local-host.ts";
import { type Server, serve } from "../http/serve.ts";
import { createGraphql } from "./create-graphql.ts";
import type { adminApiSettings } from "./settings.ts";

/** What the admin API needs to know, parsed. */
export type AdminApiSettings = Omit<
  z.infer<typeof adminApiSettings>,
  "JOBS_LOG_LEVEL" | "JOBS_LOG_FORMAT" | "JOBS_SCHEMA"
>;

/** Functions name any Host and no origin; a browser names the page that asks, and one from elsewhere must not have the data. */
async function refuseForeignPages(c: Context, next: Next): Promise<Response | undefined> {
  const origin = c.req.header("Origin");
  if (origin === undefined || (URL.canParse(origin) && isLocalHost(new URL(origin).hostname))) {
    await next();
    return undefined;
  }
  return c.json(
    { errors: [{ message: `The admin API does not answer pages of ${origin}. Use localhost.` }] },
    403,
  );
}

/**
 * Starts the local admin GraphQL API, whatever Host a request names. It gives everyone everything: it is for a machine
 * of one's own.
 *
 * @throws StartError when the port or the database cannot be used.
 */
export async function startAdminApi(settings: AdminApiSettings): Promise<Server> {
  const graphql = await findServer(settings)
    .then(createGraphql)
    .catch((error: unknown) => {
      throw databaseFault(error, settings);
    });
  const app = createHealthApp(() => []);
  app.use(refuseForeignPages);
  await graphql.addTo(app);
  app.get("/sample/logo.png", () => new Response(Bun.file(join(import.meta.dirname, "sample/logo.png"))));
  try {
    const server = serve(app, {
      port: settings.ADMIN_API_PORT,
      host: settings.ADMIN_API_HOST,
      variable: "ADMIN_API_PORT",
      what: "the admin API",
    });
    return {
      port: server.port,
      stop: async (now) => {
        await server.stop(now);
        await graphql.close();
      },
    };
  } catch (error) {
    await graphql.close();
    throw error;
  }
}
