import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { contrast } from "../../functions/mail/colour.ts";
import { templatesOf } from "../../functions/send-email-link/compose.ts";
import { findChromium } from "./ask-chromium.ts";
import { lookAt, type Seen } from "./look-at.ts";
import { previewLocales, previewMail, previewMails } from "./preview-mails.ts";

// What a person sees of each mail, in a real Chromium: its order, its sides, its colours. No pixels are compared.

const program = findChromium();
const templates = templatesOf();
// Pale, white, dark, as the card in dark, bright, and as faint text: each mail has another one.
const colours = ["#ffe066", "#ffffff", "#111315", "#1c1f22", "#00ff00", "#57606a", "#808080"];
const views = previewMails
  .flatMap((mail) =>
    previewLocales.flatMap((locale) =>
      (["light", "dark"] as const).flatMap((scheme) =>
        [320, 390, 720].map((width) => ({ mail, locale, scheme, width })),
      ),
    ),
  )
  .map((view, index) => ({ ...view, colour: colours[index % colours.length] ?? "" }));

describe.skipIf(program === undefined)("in Chromium", () => {
  let seen: readonly Seen[] = [];
  beforeAll(async () => {
    const mails = views.map((view) => ({
      width: view.width,
      html: previewMail(templates, view)?.html ?? "",
    }));
    seen = await lookAt(program ?? "", mails);
  }, 60_000);
  afterAll(() => {
    seen = [];
  });

  test.each(views.map((view, index) => ({ ...view, index })))(
    "$mail in $locale, $scheme, $width px, $colour, is whole and can be read",
    ({ locale, width, index }) => {
      const look = seen[index];
      if (look === undefined) throw new Error("Chromium saw nothing.");
      expect(look.scrollWidth).toBeLessThanOrEqual(width);
      expect(look.texts.map(({ tag }) => tag)).toEqual([
        "div",
        "h1",
        "div",
        "a",
        "div",
        "a",
        "div",
        "div",
        "a",
        "div",
        "a",
      ]);

      const tops = look.texts.map(({ top }) => top);
      expect(tops).toEqual(tops.toSorted((a, b) => a - b));
      for (const { text, left, right, ink, background } of look.texts) {
        expect([text, left >= 0, right <= width]).toEqual([text, true, true]);
        expect([text, contrast(ink, background) >= 4.5]).toEqual([text, true]);
      }
      const [, heading, , button] = look.texts;
      const isOnTheRight = (heading?.left ?? 0) + (heading?.right ?? 0) > width;
      const buttonIsOnTheRight = (button?.left ?? 0) + (button?.right ?? 0) > width;
      expect([isOnTheRight, buttonIsOnTheRight]).toEqual([locale === "ar", locale === "ar"]);
      expect(button?.height).toBeGreaterThanOrEqual(44);
    },
  );
});
