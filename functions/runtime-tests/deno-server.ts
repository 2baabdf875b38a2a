import { createLog, writeToConsole } from "../kit/log.ts";

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: { port: number; hostname: string; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): void;
};

type Handler = (request: Request, env: Readonly<Record<string, unknown>>) => Promise<Response>;

/** Serves a fetch handler under Deno on a free port. */
export function serve(handler: Handler): void {
  const onListen = ({ port }: { port: number }) => createLog(writeToConsole).info("ready", { port });
  // One object for all requests: settings are parsed once for each.
  const env = Deno.env.toObject();
  Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, (request) => handler(request, env));
}
