import { hostname } from "node:os";
import { z } from "zod";
import type { PartSettings } from "./settings-objects.ts";

/** The page whose table of settings is rendered from the code. */
export const settingsPage = "docs/settings.md";

type Row = { readonly name: string; readonly given: string; readonly text: string; readonly parts: string[] };

const markers = /(<!-- settings:begin -->\n)[\s\S]*?(<!-- settings:end -->)/;

/** Gives the table of all settings: name, default, meaning, and which parts read it. */
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

/** Gives the page of settings with the table between its two markers, or undefined where they are missing. */
export function withSettingsTable(page: string, table: string): string | undefined {
  if (!markers.test(page)) return undefined;
  return page.replace(markers, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`);
}

/** Gives the faults of the table as it stands in its page, and of settings that no table can explain. */
export function findSettingsFaults(page: string, all: readonly PartSettings[]): string[] {
  const expected = withSettingsTable(page, renderSettingsTable(all));
  const line = page.slice(0, Math.max(page.indexOf("<!-- settings:begin -->"), 0)).split("\n").length;
  const undescribed = all.flatMap(({ part, settings }) =>
    Object.entries(settings.shape)
      .filter(([, schema]) => !schema.description)
      .map(([name]) => `${settingsPage}:${line}: The setting ${name} of ${part} has no description.`),
  );
  if (expected === undefined)
    return [`${settingsPage}:1: The markers <!-- settings:begin --> and <!-- settings:end --> are missing.`];
  if (expected === page) return undescribed;
  return [
    ...undescribed,
    `${settingsPage}:${line}: The table of settings is not what the code says. Run bun run docs.`,
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
