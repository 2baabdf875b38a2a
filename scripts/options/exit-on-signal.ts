/**
 * Makes signals end this process in order, so that what it started ends with it. A second one, as when both a terminal and
 * a parent send it, cuts that short no more.
 */
export function exitOnSignal(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
}
