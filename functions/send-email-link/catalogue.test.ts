import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { catalogue, chooseLocale } from "./catalogue.ts";

type Tree = { readonly [key: string]: string | Tree };
const entries = (tree: Tree, path = ""): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[path + key, value]] : entries(value, `${path}${key}.`),
  );
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted().join();
const english = entries(catalogue.en);

test("every file in locales/ is in the catalogue", async () => {
  const files = await readdir(join(import.meta.dirname, "locales"));
  expect(files.map((name) => name.replace(".json", "")).toSorted()).toEqual(
    Object.keys(catalogue).toSorted(),
  );
});

test.each(Object.entries(catalogue))(
  "%s says all that English says, with the same names in it",
  (_, texts) => {
    const translated = new Map(entries(texts));
    expect([...translated.keys()]).toEqual(english.map(([key]) => key));
    for (const [key, text] of english) {
      expect([key, placeholders(translated.get(key) ?? "")]).toEqual([key, placeholders(text)]);
      expect(translated.get(key)?.trim()).toBe(translated.get(key) ?? "");
      expect(translated.get(key)).not.toMatch(/[\n<>]|\s{2}/);
    }
  },
);

test("French keeps its punctuation on the line of its word", () => {
  for (const [key, text] of entries(catalogue.fr))
    expect([key, text]).toEqual([key, expect.not.stringMatching(/ [:;?!]/)]);
});

// One tone a language: a mail that begins formally does not end with a first name's word, nor the other way round.
test.each([
  ["de", /(?<!\p{L})(du|dich|dir|dein\p{L}*)(?!\p{L})/iu],
  ["fr", /(?<!\p{L})(tu|te|toi|ton|ta|tes)(?!\p{L})/iu],
  ["es", /(?<!\p{L})(usted|su|sus|copie|acepte|ignore|confirme|elija)(?!\p{L})/iu],
] as const)("%s never changes its way of addressing a reader", (locale, other) => {
  for (const [key, text] of entries(catalogue[locale]))
    if (key !== "dir") expect([key, text.match(other)?.[0]]).toEqual([key, undefined]);
});

test.each([
  [["de-AT", "fr"], "de"],
  [["pt-BR", "fr_CA.UTF-8"], "fr"],
  [[null, undefined, "AR"], "ar"],
  [["constructor", "__proto__", ""], "en"],
  [[], "en"],
] as const)("of %j, %s is chosen", (wanted, locale) => {
  expect(chooseLocale(...wanted)).toBe(locale);
});
