import type { Call } from "./call.ts";
import type { Lease } from "./jobs.ts";

/** What of a callback is recorded; see db/migrations/0017_callback_job.sql. */
export type CallbackRecord =
  | { readonly kind: "complete" }
  | { readonly kind: "retry" | "dead"; readonly error: string; readonly delaySeconds: number | null }
  | {
      readonly kind: "progress";
      readonly progress: number | null;
      readonly message: string | null;
      readonly callbackSeconds: number;
    };

/** What became of a callback; `busy` is to be brought again, as another transaction has the job in its hands. */
export type CallbackResult = "taken" | "repeated" | "passed on" | "busy";

/** Gives the calls that a callback server makes. Where `keepSeconds` is given, what completes is kept for so long. */
export function callbacks(call: Call, keepSeconds: number | null) {
  return {
    /** Records a function's callback under its lease. */
    callback: async ({ jobId, leaseToken }: Lease, record: CallbackRecord): Promise<CallbackResult> => {
      const text = "select app_jobs.callback_job($1, $2, $3::text::json) as result";
      const told =
        record.kind === "complete" && keepSeconds !== null ? { kind: "keep", keepSeconds } : record;
      const rows = await call<{ result: CallbackResult }>(text, [jobId, leaseToken, JSON.stringify(told)]);
      return rows[0]?.result ?? "passed on";
    },

    /** Gives the keys that callback tokens are signed with, the newest first. */
    callbackKeys: async (): Promise<string[]> => {
      const rows = await call<{ secret: string }>(
        "select secret from app_jobs.callback_keys order by created_at desc, id desc",
        [],
      );
      return rows.map((row) => row.secret);
    },
  };
}
