import { edgeBundle } from "../../../functions/testing/edge-bundle.ts";

/** How large a function is at the edge, in bytes. */
export type BundleFigure = { readonly worker: string; readonly bytes: number; readonly gzip: number };

/** Measures the edge bundle of both mail functions, and what MJML's compiler alone would add. */
export async function measureBundles(): Promise<readonly BundleFigure[]> {
  const mjml = await Bun.build({
    entrypoints: [Bun.resolveSync("mjml-browser", import.meta.dirname)],
    target: "browser",
    minify: true,
  });
  const bundles: [string, string][] = [
    ["send-email-link", await edgeBundle("send-email-link")],
    ["simple-email", await edgeBundle("simple-email")],
    ["(mjml-browser, which neither has)", (await mjml.outputs[0]?.text()) ?? ""],
  ];
  return bundles.map(([worker, code]) => {
    const bytes = new TextEncoder().encode(code);
    return { worker, bytes: bytes.byteLength, gzip: Bun.gzipSync(bytes).byteLength };
  });
}
