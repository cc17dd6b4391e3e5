/** A button that opens a popover below itself. */
import { useId, useRef, type ReactNode, type ToggleEvent } from "react";
import { classes } from "./classes";

interface MenuProps {
  /** Content of the button. */
  button: ReactNode;
  /** Name of the button, if its content has no text. */
  label?: string;
  className?: string;
  /** The content. Receives a function that closes the popover. */
  children: (close: () => void) => ReactNode;
}

const MARGIN = 8;

export function Menu({ button, label, className = "btn", children }: MenuProps) {
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const place = (event: ToggleEvent<HTMLDivElement>) => {
    if (event.newState !== "open" || opener.current === null || popover.current === null) return;
    const at = opener.current.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = popover.current;
    const left = Math.max(MARGIN, Math.min(at.left, document.documentElement.clientWidth - width - MARGIN));
    const below = at.bottom + 4;
    const top = below + height > innerHeight - MARGIN ? Math.max(MARGIN, at.top - height - 4) : below;
    popover.current.style.left = `${left}px`;
    popover.current.style.top = `${top}px`;
  };
  const close = () => document.getElementById(id)?.hidePopover();
  return (
    <>
      <button
        ref={opener}
        type="button"
        className={className}
        popoverTarget={id}
        {...(label ? { "aria-label": label } : {})}
      >
        {button}
      </button>
      <div ref={popover} id={id} popover="auto" className={classes("pop", "placed")} onToggle={place}>
        {children(close)}
      </div>
    </>
  );
}
