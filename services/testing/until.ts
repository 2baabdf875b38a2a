/**
 * Waits until `condition` gives a value that is neither undefined, null nor false, and gives that value.
 *
 * It looks again every few milliseconds; a condition that throws is the test's failure at once.
 *
 * @throws Error naming `what` when the condition does not hold within `withinMs` (20 s).
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (isMet(value)) return value;
    if (Date.now() > giveUpAt) throw new Error(`Waited ${withinMs} ms in vain until ${what}.`);
    await Bun.sleep(5);
  }
}

function isMet<T>(value: T): value is NonNullable<Exclude<T, false>> {
  return value !== undefined && value !== null && value !== false;
}
