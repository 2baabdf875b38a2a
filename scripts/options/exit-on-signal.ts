/** Makes signals end this process in order, so that what it started ends with it. */
export function exitOnSignal(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
}
