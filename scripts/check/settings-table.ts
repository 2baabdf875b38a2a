import { hostname } from "node:os";
import { z } from "zod";
import type { PartSettings } from "./settings-objects.ts";

type Row = { readonly name: string; readonly given: string; readonly text: string; readonly parts: string[] };

const markers = /(<!-- settings:begin -->\n)[\s\S]*?(<!-- settings:end -->)/;

/** Gives the README's table of settings: name, default, meaning, and which parts read it. */
export function renderSettingsTable(all: readonly PartSettings[]): string {
  const rows = new Map<string, Row>();
  for (const { part, settings } of all)
    for (const [name, schema] of Object.entries(settings.shape)) {
      if (schema.meta()?.["unlisted"] === true) continue;
      const row = { name, given: defaultText(schema), text: schema.description ?? "", parts: [] };
      const key = JSON.stringify(row);
      const known = rows.get(key) ?? row;
      rows.set(key, { ...known, parts: [...new Set([...known.parts, part])] });
    }
  const lines = [...rows.values()].map(
    ({ name, given, text, parts }) =>
      `| \`${name}\` | ${given} | ${text.replaceAll("|", "\\|")} | ${parts.join(", ")} |`,
  );
  return ["| setting | default | meaning | read by |", "|---|---|---|---|", ...lines, ""].join("\n");
}

/** Gives a README with the table between its two markers, or undefined where they are missing. */
export function withSettingsTable(readme: string, table: string): string | undefined {
  if (!markers.test(readme)) return undefined;
  return readme.replace(markers, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`);
}

/** Gives the faults of the table as it stands in the README, and of settings that no table can explain. */
export function findSettingsFaults(readme: string, all: readonly PartSettings[]): string[] {
  const expected = withSettingsTable(readme, renderSettingsTable(all));
  const line = readme.slice(0, Math.max(readme.indexOf("<!-- settings:begin -->"), 0)).split("\n").length;
  const undescribed = all.flatMap(({ part, settings }) =>
    Object.entries(settings.shape)
      .filter(([, schema]) => !schema.description)
      .map(([name]) => `README.md:${line}: The setting ${name} of ${part} has no description.`),
  );
  if (expected === undefined)
    return ["README.md:1: The markers <!-- settings:begin --> and <!-- settings:end --> are missing."];
  if (expected === readme) return undescribed;
  return [
    ...undescribed,
    `README.md:${line}: The table of settings is not what the code says. Run bun run check --write.`,
  ];
}

function defaultText(schema: z.ZodType): string {
  // What is read with others may have a default that only they make.
  const value = defaultOf(schema) ?? schema.meta()?.["otherwise"];
  if (value === undefined) return schema.safeParse(undefined).success ? "" : "**required**";
  if (value === hostname()) return "the host's name";
  return typeof value === "object" ? "" : `\`${z.coerce.string().parse(value)}\``;
}

function defaultOf(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return defaultOf(schema.def.innerType);
  return schema instanceof z.ZodPipe ? (defaultOf(schema.def.in) ?? defaultOf(schema.def.out)) : undefined;
}
