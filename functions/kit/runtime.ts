/** A runtime that functions are tested on; "other" for one that is not known. */
export type RuntimeName = "bun" | "node" | "deno" | "workerd" | "other";

const agents: ReadonlyArray<readonly [RegExp, RuntimeName]> = [
  [/^Bun\//, "bun"],
  [/^Node\.js\//, "node"],
  [/^Deno\//, "deno"],
  [/^Cloudflare-Workers/, "workerd"],
];

/** Gives the runtime that a `navigator.userAgent` names. Node before 21 has none, and is "other". */
export function runtimeOf(userAgent: string | undefined = globalThis.navigator?.userAgent): RuntimeName {
  return agents.find(([agent]) => agent.test(userAgent ?? ""))?.[1] ?? "other";
}

/**
 * Tells whether one request may wait for what another one began. In workerd it may not: a promise belongs to the request that made it,
 * and dies with it.
 */
export function mayShareWork(runtime: RuntimeName = runtimeOf()): boolean {
  return runtime !== "workerd";
}
