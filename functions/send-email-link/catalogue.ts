import ar from "./locales/ar.json" with { type: "json" };
import de from "./locales/de.json" with { type: "json" };
import en from "./locales/en.json" with { type: "json" };
import es from "./locales/es.json" with { type: "json" };
import fr from "./locales/fr.json" with { type: "json" };

/** All texts of one language: a file in `locales/`. To add one: copy `en.json`, translate it, add it here. */
export type Texts = typeof en;

/** The languages that there are, by their BCP 47 tags. */
export const catalogue = { en, de, fr, es, ar } as const satisfies Readonly<Record<string, Texts>>;

/** A language that mails are written in. */
export type Locale = keyof typeof catalogue;

/**
 * Gives the first wanted language that there is, `de` for `de-AT` or `de_AT.UTF-8` too; English where there is none.
 */
export function chooseLocale(...wanted: readonly (string | null | undefined)[]): Locale {
  for (const tag of wanted) {
    const [language = ""] = (tag ?? "").toLowerCase().split(/[-_.@]/);
    if (isLocale(language)) return language;
  }
  return "en";
}

function isLocale(language: string): language is Locale {
  return Object.hasOwn(catalogue, language);
}
