/** Copies the request of the form for a shell or a Python program. */
import type { components } from "~/api/schema/platform-api";
import { useText } from "~/i18n";
import { copyText } from "~/parts/copyText";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { useNotices } from "~/parts/Notices";
import { asCurl, asPython } from "./asCode";

const FORMS = { curl: asCurl, Python: asPython };

export function CopyAsCode({ request }: { request: components["schemas"]["QueueJobRequest"] }) {
  const t = useText();
  const { toast } = useNotices();
  const copy = async (name: keyof typeof FORMS) => {
    const copied = await copyText(FORMS[name](request, location.origin));
    toast({ text: copied ? t.shared.copied(name) : t.shared.notCopied });
  };
  return (
    <Menu className="btn ghost sm sq" label={t.studio.asCode} button={<Icon name="code" />}>
      {(close) =>
        (Object.keys(FORMS) as (keyof typeof FORMS)[]).map((name) => (
          <button
            key={name}
            type="button"
            className="item"
            onClick={() => {
              close();
              void copy(name);
            }}
          >
            {t.shared.copy(name)}
          </button>
        ))
      }
    </Menu>
  );
}
