/** Searches the words of prompts while they are typed. */
import { useEffect, useRef, useState } from "react";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { useKeys } from "~/parts/useKeys";

const PAUSE_MS = 250;
const MAX_CHARACTERS = 200;

export function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    // Changed from outside, such as by the button that clears the filters.
    setSent(value);
    setText(value);
  }
  useEffect(() => {
    if (text === sent) return;
    const timer = setTimeout(() => {
      setSent(text);
      onSearch(text);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [onSearch, sent, text]);
  useKeys({ "/": () => input.current?.focus() });
  return (
    <label className="affix libsearch">
      <Icon name="search" />
      <input
        ref={input}
        className="input"
        type="search"
        aria-label={t.library.search}
        placeholder={t.library.search}
        maxLength={MAX_CHARACTERS}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      {text === "" && <kbd>/</kbd>}
    </label>
  );
}
