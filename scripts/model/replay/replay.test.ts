import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type TestDatabase, withDatabase } from "../../../services/testing/with-database.ts";
import { nameOf, type Step } from "../action.ts";
import { invariants } from "../invariants.ts";
import { next } from "../next.ts";
import { rules } from "../rules.ts";
import { type Configuration, firstState } from "../state.ts";
import { askInVain, play } from "./play.ts";
import { createTables, readView } from "./tables.ts";
import { viewOf } from "./view.ts";

// Ways through the model, drawn at random and longer and wider than can be explored, made on the real tables by the real
// functions: after each step the tables show what the model says. A failure prints the way, and the seed that repeats it.

const size = { runs: 10, steps: 160 };

const keyed = { key: "k", queue: "r" };

const wide: Configuration = {
  name: "drawn",
  runs: 3,
  jobs: [{ queue: "q" }, { queue: "q" }, keyed, keyed, keyed, {}],
  maxAttempts: 3,
  faults: 12,
  operations: 8,
  answers: ["complete", "retry", "dead", "accepted"],
  reports: ["complete", "retry", "dead", "progress"],
  operators: ["cancel", "retry", "discard", "drain"],
};

/** Leaves out what this schema cannot do. */
async function possible({ sql }: TestDatabase): Promise<Configuration> {
  const rows = await sql`
    select from pg_proc where pronamespace = 'app_jobs'::regnamespace and proname = 'cancel_jobs'`;
  return { ...wide, operators: wide.operators.filter((kind) => kind !== "cancel" || rows.length > 0) };
}

/** Chooses a fault one time in six at most, so that there are some left later. */
function choose(steps: readonly Step[], pick: number): Step | undefined {
  const usual = steps.filter(({ isFault }) => !isFault);
  const choice = pick % 6 === 0 || usual.length === 0 ? steps : usual;
  return choice[Math.floor(pick / 6) % choice.length];
}

test("whatever way through the model is taken, the real tables and the model agree after each step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { minLength: size.steps, maxLength: size.steps }), async (picks) => {
      await using database = await withDatabase();
      const model = { configuration: await possible(database), rules };
      const tables = await createTables(database, model.configuration);
      const way: string[] = [];
      let state = firstState(model.configuration);
      for (const pick of picks) {
        const step = choose(next(state, model), pick);
        if (step === undefined) break;
        way.push(nameOf(step.action));
        const before = state;
        ({ state } = step);
        try {
          await play({ action: step.action, before, state, model }, tables);
          expect(await readView(tables, model.configuration)).toEqual(viewOf(state));
          await askInVain(state, tables, { model, job: pick % wide.jobs.length });
          const broken = invariants.filter((one) => !one.holds({ ...step, before }, model));
          expect(broken.map(({ sentence }) => sentence)).toEqual([]);
        } catch (error) {
          throw new Error(`The tables and the model part after:\n${way.join("\n")}`, { cause: error });
        }
      }
    }),
    { numRuns: size.runs, endOnFailure: true },
  );
});
