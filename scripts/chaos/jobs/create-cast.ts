import type { FaultLog } from "./create-fault-log.ts";
import { type Actor, startActor } from "./start-actor.ts";

/** Environment variables of a process. */
export type Env = Readonly<Record<string, string>>;

/** The processes of a run: any may be ended and started again. */
export type Cast = AsyncDisposable & {
  readonly start: (name: string, program: string, env: Env) => Actor;
  /** Ends one by a signal, and gives its exit code. */
  readonly end: (actor: Actor, signal: "SIGTERM" | "SIGKILL") => Promise<number>;
  /** Those that ended though nobody ended them, with the last that they said. */
  readonly fallen: readonly string[];
};

/** Gives a cast without anybody in it. Disposing of it kills all. */
export function createCast(faults: FaultLog): Cast {
  const living = new Set<Actor>();
  const fallen: string[] = [];
  const end: Cast["end"] = (actor, signal) => {
    living.delete(actor);
    actor.kill(signal);
    return actor.exited;
  };
  // However this process ends, none of them outlives it.
  const endAll = () => {
    for (const actor of living) actor.kill("SIGKILL");
  };
  process.once("exit", endAll);
  return {
    start: (name, program, env) => {
      const actor = startActor({ name, program, env, onLeaseLost: () => faults.note("lease lost", name) });
      living.add(actor);
      void actor.exited.then(() => {
        if (living.delete(actor)) fallen.push(`${name}: ${actor.tail()}`);
      });
      return actor;
    },
    end,
    fallen,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", endAll);
      await Promise.all([...living].map((actor) => end(actor, "SIGKILL")));
    },
  };
}
