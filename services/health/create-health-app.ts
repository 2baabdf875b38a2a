import { Hono } from "hono";

/** Something that has to work before a service takes work. */
export type Check = {
  /** Name in the answer, such as "database". */
  readonly name: string;
  /** Gives null when all is well, else the reason why not. Slow or throwing means not ready. */
  readonly fault: () => string | null | Promise<string | null>;
  /** Gives what is to be known though all may be well; null for nothing. */
  readonly note?: () => string | null;
};

const patienceMs = 2_000;

/**
 * Gives the two health routes of a service: `/healthz` answers 200 while the process lives and touches nothing, so that
 * a database that is away restarts nobody; `/readyz` answers 200 when every check passes, else 503 with the reasons; either
 * with the notes that there are.
 */
export function createHealthApp(checks: () => readonly Check[]): Hono {
  return new Hono()
    .get("/healthz", (c) => c.json({ status: "alive" }))
    .get("/readyz", async (c) => {
      const faults = (await Promise.all(checks().map(faultOf))).filter((fault) => fault !== null);
      const found = checks().map(({ name, note }) => ({ name, note: note?.() ?? null }));
      const notes = found.filter(({ note }) => note !== null).map(({ name, note }) => `${name}: ${note}`);
      const body = notes.length === 0 ? {} : { notes };
      return faults.length === 0
        ? c.json({ status: "ready", ...body })
        : c.json({ status: "not ready", faults, ...body }, 503);
    });
}

async function faultOf({ name, fault }: Check): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${patienceMs} ms`), patienceMs);
  });
  try {
    const reason = await Promise.race([Promise.resolve(fault()), late]);
    return reason === null ? null : `${name}: ${reason}`;
  } catch (error) {
    return `${name}: ${error instanceof Error && error.message !== "" ? error.message : "failed"}`;
  } finally {
    clearTimeout(timer);
  }
}
