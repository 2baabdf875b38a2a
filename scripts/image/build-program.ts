import { join } from "node:path";
import { billOfMaterials } from "./bill-of-materials.ts";
import { compileProgram } from "./compile-program.ts";
import { programOf } from "./programs.ts";

/**
 * Builds what an image holds into a folder: the program, the files that it reads, and its bill of materials under `sbom/`. Gives the
 * program's path.
 *
 * @throws Error for a name that is no program, and with the builder's messages.
 */
export async function buildProgram(name: string, folder: string): Promise<string> {
  const { path, modules } = await compileProgram(programOf(name), folder);
  await Bun.write(join(folder, "sbom", `${name}.cdx.json`), await billOfMaterials(name, modules));
  return path;
}
