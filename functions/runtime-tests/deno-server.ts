import { createLog, writeToConsole } from "../kit/log.ts";
import { sendEmailLink } from "../send-email-link/index.ts";

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: { port: number; hostname: string; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): void;
};

// Serves the function under Deno.
Deno.serve(
  {
    port: 0,
    hostname: "127.0.0.1",
    onListen: ({ port }) => createLog(writeToConsole).info("ready", { port }),
  },
  (request) => sendEmailLink.fetch(request, Deno.env.toObject()),
);
