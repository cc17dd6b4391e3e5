/** A field for one tag, which proposes those in use. Enter or a comma adds it. */
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { tagsQuery } from "~/api/library";
import { useText } from "~/i18n";

const MAX_CHARACTERS = 50;

interface TagInputProps {
  onAdd: (tag: string) => void;
  /** Called for Backspace in the empty field. */
  onBack?: () => void;
}

export function TagInput({ onAdd, onBack }: TagInputProps) {
  const t = useText();
  const id = useId();
  const [text, setText] = useState("");
  const { data: known = [] } = useQuery(tagsQuery);
  const add = () => {
    if (text.trim() !== "") onAdd(text.trim());
    setText("");
  };
  return (
    <>
      <input
        className="input taginput"
        aria-label={t.marks.addTag}
        placeholder={t.marks.addTag}
        list={id}
        maxLength={MAX_CHARACTERS}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === ",") {
            event.preventDefault();
            add();
          } else if (event.key === "Backspace" && text === "") onBack?.();
        }}
      />
      <datalist id={id}>
        {known.map(({ tag }) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </>
  );
}
