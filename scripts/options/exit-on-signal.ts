/**
 * Makes signals end this process in order, so that what it started ends with it, after `before` where that is given. A second
 * one, as when both a terminal and a parent send it, does not cut that short.
 */
export function exitOnSignal(before: () => Promise<void> = async () => undefined): void {
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= before().finally(() => process.exit(1));
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);
}
