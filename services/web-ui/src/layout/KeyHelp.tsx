/** The list of keyboard shortcuts, opened with `?`. */
import { useState } from "react";
import { useText } from "~/i18n";
import { Dialog } from "~/parts/Dialog";
import { useKeys } from "~/parts/useKeys";

export function KeyHelp() {
  const t = useText();
  const [open, setOpen] = useState(false);
  useKeys({ "?": () => setOpen(true) });
  if (!open) return null;
  const close = () => setOpen(false);
  return (
    <Dialog
      title={t.keys.title}
      onClose={close}
      actions={
        <button type="button" className="btn" onClick={close}>
          {t.shared.close}
        </button>
      }
    >
      <dl className="kv">
        {t.keys.list.map(([keys, meaning]) => (
          <div key={keys} className="pair">
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
