import { describe, expect, it } from "vitest";
import { de } from "~/i18n/de";
import { en } from "~/i18n/en";
import { formatsOf } from "~/i18n/format";

/** Words that are the same in both languages. */
const SAME = new Set([
  "Darkroom",
  "Studio",
  "Name",
  "Prompt",
  "Video",
  "Videos",
  "Zoom",
  "cr",
  "live",
  "Video, 2 s",
  "Webhooks",
]);

/** All texts of a catalogue, by their paths. Functions are called with samples. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return texts((value as (...args: unknown[]) => unknown)(2, 3), path);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => texts(child, `${path}.${key}`));
}

describe("the catalogues", () => {
  const german = new Map(texts(de));

  it("have the same keys", () => {
    expect([...german.keys()].sort()).toEqual(
      texts(en)
        .map(([path]) => path)
        .sort(),
    );
  });

  it("leave no sentence untranslated", () => {
    const isWord = (text: string) => /[A-Za-z]{4}/.test(text) && !SAME.has(text);
    const same = texts(en).filter(([path, text]) => german.get(path) === text && isWord(text));
    expect(same).toEqual([]);
  });
});

describe("formats", () => {
  const english = formatsOf("en", en);
  const german = formatsOf("de", de);

  it("give credits their unit and a thin meaning", () => {
    expect(english.credits(1)).toBe("1.0\u00a0cr");
    expect(english.credits(0.667)).toBe("0.667\u00a0cr");
    expect(german.credits(1_000_000)).toBe("1.000.000,0\u00a0cr");
  });

  it("give times the precision that they have", () => {
    expect(english.seconds(5.34)).toBe("5.3\u00a0s");
    expect(english.seconds(27.4)).toBe("27\u00a0s");
    expect(english.seconds(192)).toBe("3\u00a0m 12\u00a0s");
    expect(english.interval(25.2, 39.8)).toBe("25–40\u00a0s");
    expect(english.interval(0.2, 0.9)).toBe("1\u00a0s");
    expect(english.percent(99.9)).toBe("99\u00a0%");
  });
});
