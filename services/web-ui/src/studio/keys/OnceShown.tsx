/** A new key, which the server shows once. */
import { useText } from "~/i18n";
import { copyText } from "~/parts/copyText";
import { Icon } from "~/parts/Icon";
import { useNotices } from "~/parts/Notices";

export function OnceShown({ name, secret, onDone }: { name: string; secret: string; onDone: () => void }) {
  const t = useText();
  const { toast } = useNotices();
  const copy = async () => {
    const copied = await copyText(secret);
    toast({ text: copied ? t.shared.copied(t.apiKeys.id) : t.shared.notCopied });
  };
  return (
    <section className="panel once" aria-labelledby="once">
      <div className="pb stack s3">
        <div className="row">
          <Icon name="key" large />
          <h2 id="once">{t.apiKeys.once(name)}</h2>
        </div>
        <div className="row oncekey">
          <code className="code grow">{secret}</code>
          <button type="button" className="btn primary" onClick={() => void copy()}>
            <Icon name="copy" />
            {t.apiKeys.copy}
          </button>
        </div>
        <p className="row dim small">
          <span className="grow">{t.apiKeys.onceHint}</span>
          <button type="button" className="btn ghost sm" onClick={onDone}>
            {t.apiKeys.have}
          </button>
        </p>
      </div>
    </section>
  );
}
