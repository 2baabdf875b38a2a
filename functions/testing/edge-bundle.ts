const root = new URL("../", import.meta.url).pathname;

/** Gives a function's edge worker with all its packages as one module, as small as it gets. */
export async function edgeBundle(name: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [`${root}${name}/worker.ts`],
    target: "browser",
    minify: true,
  });
  const [only, ...others] = outputs;
  if (only === undefined || others.length > 0) throw new Error(`${name} does not build to one module.`);
  return only.text();
}
