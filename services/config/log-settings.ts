import { z } from "zod";

/** The settings of logging, shared by every service. */
export const logSettings = {
  JOBS_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "silent"], {
      error: "expected debug, info, warn, error or silent",
    })
    .default("info")
    .describe("The least severe line that is written."),
  JOBS_LOG_FORMAT: z
    .enum(["auto", "json", "text"], { error: "expected auto, json or text" })
    .default("auto")
    .describe("`json` for machines, `text` for people; `auto` is text on a terminal, JSON elsewhere."),
};
