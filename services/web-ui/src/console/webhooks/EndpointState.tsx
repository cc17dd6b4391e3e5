/** Whether an endpoint receives deliveries, as a shape and a word. */
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";

interface Shown {
  active: boolean;
  disabled_reason: string | null;
  failing_since?: string | null;
}

export function EndpointState({ of }: { of: Shown }) {
  const t = useText();
  if (of.disabled_reason !== null) {
    return (
      <span className="st fail" title={of.disabled_reason}>
        <Icon name="st-fail" />
        {t.webhooks.disabled}
      </span>
    );
  }
  if (!of.active) {
    return (
      <span className="st idle">
        <Icon name="st-off" />
        {t.webhooks.off}
      </span>
    );
  }
  return of.failing_since ? (
    <span className="st warn">
      <Icon name="warn" />
      {t.webhooks.failing}
    </span>
  ) : (
    <span className="st">
      <Icon name="st-done" />
      {t.webhooks.on}
    </span>
  );
}
