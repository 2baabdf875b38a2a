import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

/** A folder that is removed with all that is in it. */
export type TemporaryFolder = AsyncDisposable & { readonly path: string };

/** Makes a folder whose name begins with `prefix`. Disposing of it removes it, and so does the end of the process. */
export async function temporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const forget = atExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true });
      forget();
    },
  };
}
