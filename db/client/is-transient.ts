// SQL states after which the same statement may well succeed (PostgreSQL manual, appendix A): connection exceptions,
// rolled back by conflict or deadlock, insufficient resources, lock not available, an operator's intervention, and a server
// that only reads: a standby, which the next connection may not meet.
const transientStates = /^(08|40|53|57)...$|^55P03$|^25006$/;

// The system's and postgres.js's own names for a connection that failed.
const connectionFaults = /^(E(CONN|NOT|AI_|HOST|NET|TIMED|PIPE)\w*|CONNECT(ION)?_\w+)$/;

/** Tells whether an error is the database's absence or mood, so that trying again is the answer. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  return transientStates.test(error.code) || connectionFaults.test(error.code);
}

/** Tells whether a statement gave up its wait for a row that another transaction holds (lock_not_available). */
export function isRowHeld(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "55P03";
}
