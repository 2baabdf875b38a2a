import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./manifest.ts";

// Keeps a secret as a file, its arguments in it; knows nothing of a cluster.
const kubectl = `#!/usr/bin/env bash
[ "$1" = --namespace ] || exit 0
file="$SECRETS/$2.$([ "$3" = get ] && echo "$5" || echo "$6")"
if [ "$3" = get ]; then
  [ -f "$file" ] || exit 1
  case "$*" in *jsonpath*) sed -n 's/^--from-literal=JOBS_SIGNING_SECRETS=//p' "$file" | tr -d '\\n' | base64 | tr -d '\\n' ;; esac
else
  printf '%s\\n' "$@" > "$file"
fi
`;

/** What a run of the script left. */
export type MadeSecrets = {
  /** Each secret as `namespace/name`. */
  readonly made: readonly string[];
  /** Each secret's words, by that name. */
  readonly words: Readonly<Record<string, string>>;
  readonly output: string;
};

/** Runs `create-secrets` as often as told, against a stand-in for kubectl, with a key of Mailgun. */
export async function makeSecrets(times = 1): Promise<MadeSecrets> {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  try {
    await Bun.write(join(folder, "bin/kubectl"), kubectl);
    await chmod(join(folder, "bin/kubectl"), 0o755);
    await Bun.write(join(folder, "kept/.keep"), "");
    let output = "";
    for (let n = 0; n < times; n++) output += await runScript(folder);
    const paths = [...new Bun.Glob("*.*").scanSync(join(folder, "kept"))].filter(
      (path) => !path.startsWith("."),
    );
    const read = paths.map(async (path) => [
      path.replace(".", "/"),
      await Bun.file(join(folder, "kept", path)).text(),
    ]);
    const words = Object.fromEntries(await Promise.all(read)) as Record<string, string>;
    return { made: Object.keys(words).sort(), words, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runScript(folder: string): Promise<string> {
  const child = Bun.spawn(["bash", join(root, "infra/kubernetes/create-secrets")], {
    env: {
      PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      SECRETS: join(folder, "kept"),
      MAILGUN_API_KEY: "the-key",
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`create-secrets failed: ${output.join("")}`);
  return output.join("");
}
