import { dirname, join, relative } from "node:path";
import { type BunPlugin, Glob } from "bun";

/** What a package loads on Cloudflare alone, and installs where it likes to. */
const elsewhere = ["pg-cloudflare"];

const root = join(import.meta.dirname, "../..");

/** What a program is compiled from. */
export type ProgramSource = {
  /** Name of the file, which is part of what makes two builds the same to the byte. */
  readonly name: string;
  /** Its main module, from the repository's root. */
  readonly main: string;
  /** Files that it reads while it runs, as a pattern from the repository's root. They are copied beside it, under the same paths. */
  readonly files?: string;
  /** Whether its modules are parsed when it is built; as they are by default. */
  readonly bytecode?: boolean;
};

/** A program that was compiled. */
export type CompiledProgram = {
  readonly path: string;
  /** Modules that went into it, from the repository's root: what a bill of materials is made from. */
  readonly modules: readonly string[];
};

/**
 * Compiles a program with its packages and Bun itself into one executable, as bytecode, so that a start parses nothing. It reads no
 * `.env` and no `bunfig.toml` of the folder that it happens to be started in.
 *
 * Bytecode, not the executable, is what makes the start short: `bun run bench image`.
 *
 * @throws AggregateError with the builder's messages.
 */
export async function compileProgram(
  { name, main, files, bytecode = true }: ProgramSource,
  folder: string,
): Promise<CompiledProgram> {
  const path = join(folder, name);
  const { metafile } = await Bun.build({
    entrypoints: [join(root, main)],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode,
    // A part that is loaded later costs the start nothing.
    splitting: true,
    external: elsewhere,
    metafile: true,
    plugins: [filesBesideProgram],
    compile: { outfile: path, autoloadDotenv: false, autoloadBunfig: false },
  });
  for (const file of files === undefined ? [] : new Glob(files).scanSync(root))
    await Bun.write(join(folder, file), Bun.file(join(root, file)));
  return { path, modules: Object.keys(metafile?.inputs ?? {}).sort() };
}

/** A module that reads files by its own folder finds them beside the program, where the repository has them. */
const filesBesideProgram: BunPlugin = {
  name: "files beside the program",
  setup: (build) => {
    build.onLoad({ filter: /[/\\](db|services|scripts)[/\\].*\.ts$/ }, async ({ path }) => {
      if (path.includes("node_modules")) return undefined;
      const text = await Bun.file(path).text();
      if (/import\.meta\.(?:dir|path|file|filename|url)\b/.test(text))
        throw new Error(
          `Cannot compile ${relative(root, path)}: by import.meta.dirname alone it finds its files.`,
        );
      const folder = JSON.stringify(dirname(relative(root, path)));
      const beside = `(process.execPath.replace(/[^/\\\\]+$/, "") + ${folder})`;
      return { contents: text.replaceAll("import.meta.dirname", beside), loader: "ts" };
    });
  },
};
