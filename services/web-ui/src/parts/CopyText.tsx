/** A short form of a long value that is copied with a click. */
import { useText } from "~/i18n";
import { Icon } from "./Icon";
import { useNotices } from "./Notices";
import { copyText } from "./copyText";

export function CopyText({ value, short, name }: { value: string; short?: string; name: string }) {
  const t = useText();
  const { toast } = useNotices();
  const copy = async () => toast({ text: (await copyText(value)) ? t.shared.copied(name) : t.shared.notCopied });
  return (
    <button type="button" className="id" title={value} aria-label={t.shared.copy(name)} onClick={() => void copy()}>
      {short ?? value}
      <Icon name="copy" />
    </button>
  );
}
