/** The language of the pages. Catalogues are typed objects, so that a missing sentence is a type error. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { de } from "./de";
import { en, type Text } from "./en";
import { formatsOf, type Formats } from "./format";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
const CATALOGUES: Record<Language, Text> = { en, de };
const KEY = "language";

interface I18n {
  language: Language;
  text: Text;
  format: Formats;
  choose: (language: Language) => void;
}

const I18nContext = createContext<I18n | null>(null);

function initial(): Language {
  const wanted = localStorage.getItem(KEY) ?? navigator.language.slice(0, 2);
  return wanted === "de" ? "de" : "en";
}

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initial);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo<I18n>(() => {
    const choose = (chosen: Language) => {
      localStorage.setItem(KEY, chosen);
      setLanguage(chosen);
    };
    const text = CATALOGUES[language];
    return { language, text, format: formatsOf(language, text), choose };
  }, [language]);
  return <I18nContext value={value}>{children}</I18nContext>;
}

function useI18n(): I18n {
  const value = useContext(I18nContext);
  if (value === null) throw new Error("used outside of I18nProvider");
  return value;
}

export const useText = (): Text => useI18n().text;
export const useFormat = (): Formats => useI18n().format;
export const useLanguage = (): [Language, (language: Language) => void] => {
  const { language, choose } = useI18n();
  return [language, choose];
};
