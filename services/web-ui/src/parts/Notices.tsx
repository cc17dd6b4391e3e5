/** Toasts, and the one polite live region through which pages speak to screen readers. */
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { useText } from "~/i18n";
import { Icon } from "./Icon";

export interface Toast {
  text: string;
  action?: { label: string; run: () => void };
  /** Runs when the toast goes without its action. */
  onGone?: () => void;
}

interface Notices {
  toast: (toast: Toast) => void;
  announce: (text: string) => void;
}

const SHOWN_MS = 6000;
const NoticesContext = createContext<Notices>({ toast: () => undefined, announce: () => undefined });

export const useNotices = () => useContext(NoticesContext);

export function NoticesProvider({ children }: { children: ReactNode }) {
  const t = useText();
  const [shown, setShown] = useState<(Toast & { id: number })[]>([]);
  const [said, setSaid] = useState("");
  const next = useRef(0);

  const remove = useCallback((id: number) => setShown((toasts) => toasts.filter((toast) => toast.id !== id)), []);
  const toast = useCallback(
    (added: Toast) => {
      const id = next.current++;
      setShown((toasts) => [...toasts.slice(-2), { ...added, id }]);
      setSaid(added.text);
      setTimeout(() => {
        remove(id);
        added.onGone?.();
      }, SHOWN_MS);
    },
    [remove],
  );
  const notices = useMemo(() => ({ toast, announce: setSaid }), [toast]);

  return (
    <NoticesContext value={notices}>
      {children}
      <div className="sr" role="status" aria-live="polite">
        {said}
      </div>
      <div className="toasts">
        {shown.map(({ id, text, action }) => (
          <div key={id} className="toast">
            <span className="grow">{text}</span>
            {action && (
              <button
                type="button"
                className="btn ghost sm"
                onClick={() => {
                  action.run();
                  remove(id);
                }}
              >
                {action.label}
              </button>
            )}
            <button type="button" className="btn ghost sq sm" aria-label={t.shared.close} onClick={() => remove(id)}>
              <Icon name="x" />
            </button>
          </div>
        ))}
      </div>
    </NoticesContext>
  );
}
