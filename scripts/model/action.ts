import type { Told } from "./database.ts";
import type { Flight, Outcome, Report, State } from "./state.ts";

/** Something that happens, with what it happens to. */
export type Action =
  | { readonly kind: "enqueue" | "deadline"; readonly job: number }
  | { readonly kind: "cancel" | "retry" | "discard"; readonly job: number }
  | { readonly kind: "claim"; readonly job: number; readonly run: number; readonly isHeard: boolean }
  | {
      readonly kind:
        | "start"
        | "register"
        | "freeze"
        | "thaw"
        | "crash"
        | "expire"
        | "beat in vain"
        | "give back"
        | "drain";
      readonly run: number;
    }
  | { readonly kind: "rescue" }
  | ({ readonly kind: "send" | "arrive" | "refuse" | "cut" | "fall silent" } & FlightName)
  | ({ readonly kind: "answer"; readonly outcome: Outcome; readonly reports: boolean } & FlightName)
  | ({ readonly kind: "report"; readonly report: Report } & FlightName)
  | ({ readonly kind: "settle"; readonly outcome: Outcome; readonly isHeard: boolean } & FlightName)
  | ({
      readonly kind: "call back";
      readonly report: Report;
      readonly told: Told;
      readonly comesAgain: boolean;
    } & FlightName)
  | ({ readonly kind: "lose"; readonly report: Report } & FlightName);

type FlightName = Pick<Flight, "job" | "token">;

/** An action and the state after it. */
export type Step = {
  readonly action: Action;
  readonly state: State;
  /** Whether it is a fault of the surroundings: what has to be reached, is reached without any. */
  readonly isFault: boolean;
};

const runName = (run: number) => `worker ${"ABCDEF"[run]}`;
const jobName = (job: number) => `job ${job + 1}`;

/** Gives an action as a line for a person. */
export function nameOf(action: Action): string {
  switch (action.kind) {
    case "rescue":
      return "rescue: a worker takes back what is lost";
    case "enqueue":
    case "cancel":
    case "retry":
    case "discard":
      return `${action.kind} ${jobName(action.job)}`;
    case "deadline":
      return `the callback deadline of ${jobName(action.job)} passes`;
    case "claim":
      return `${runName(action.run)} claims ${jobName(action.job)}${action.isHeard ? "" : "; the answer is lost"}`;
    case "start":
    case "register":
    case "freeze":
    case "thaw":
    case "crash":
    case "expire":
    case "beat in vain":
    case "give back":
    case "drain":
      return `${runName(action.run)}: ${action.kind}`;
    default:
      return `${jobName(action.job)}, lease ${action.token}: ${words(action)}`;
  }
}

function words(action: Extract<Action, FlightName>): string {
  switch (action.kind) {
    case "send":
      return "the worker sends the request";
    case "arrive":
      return "the request reaches the function, which begins";
    case "refuse":
      return "the request reaches no function";
    case "cut":
      return "the worker waits no longer for the response";
    case "fall silent":
      return "the function stops without a word";
    case "answer":
      return `the function ${action.reports ? "calls back and " : ""}answers ${action.outcome}`;
    case "report":
      return `the function sends a callback, ${action.report}`;
    case "settle":
      return `the worker settles ${action.outcome}${action.isHeard ? "" : "; the answer is lost"}`;
    case "call back":
      return `the callback ${action.report} arrives${action.comesAgain ? ", not for the last time" : ""}: ${action.told}`;
    case "lose":
      return `the callback ${action.report} is lost`;
  }
}
