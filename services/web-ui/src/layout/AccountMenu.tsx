/** The account: who is signed in, the look, the language, and the way out. */
import { Link } from "wouter";
import { platform } from "~/api/client";
import { LANGUAGES, useLanguage, useText } from "~/i18n";
import { tellSignedOut } from "~/live/session";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { THEMES, useTheme } from "./theme";

export function AccountMenu({ name }: { name: string }) {
  const t = useText();
  const [theme, setTheme] = useTheme();
  const [language, setLanguage] = useLanguage();
  const signOut = async () => {
    await platform.POST("/api/auth/logout", { headers: { "Content-Type": "application/json" } });
    tellSignedOut();
    location.assign("/");
  };
  return (
    <Menu className="avatar" label={t.account.of(name)} button={initials(name)}>
      {(close) => (
        <div role="menu">
          <p className="caption">{name}</p>
          <Link className="item" role="menuitem" href="/credits" onClick={close}>
            <Icon name="credit" />
            {t.nav.credits}
          </Link>
          <Link className="item" role="menuitem" href="/keys" onClick={close}>
            <Icon name="key" />
            {t.apiKeys.title}
          </Link>
          <hr />
          <p className="caption">{t.account.look}</p>
          {THEMES.map((each) => (
            <Choice key={each} label={t.account.themes[each]} chosen={each === theme} onChoose={() => setTheme(each)} />
          ))}
          <hr />
          <p className="caption">{t.account.language}</p>
          {Object.entries(LANGUAGES).map(([each, label]) => (
            <Choice
              key={each}
              label={label}
              chosen={each === language}
              onChoose={() => setLanguage(each as keyof typeof LANGUAGES)}
            />
          ))}
          <hr />
          <button type="button" className="item" role="menuitem" onClick={() => void signOut()}>
            <Icon name="ext" />
            {t.account.signOut}
          </button>
        </div>
      )}
    </Menu>
  );
}

interface ChoiceProps {
  label: string;
  chosen: boolean;
  onChoose: () => void;
}

function Choice({ label, chosen, onChoose }: ChoiceProps) {
  return (
    <button type="button" className="item" role="menuitemradio" aria-checked={chosen} onClick={onChoose}>
      {chosen ? <Icon name="check" /> : <span className="i" />}
      {label}
    </button>
  );
}

/** Return up to two letters of a name. */
export function initials(name: string): string {
  const words = name.split(/[\s@._-]+/u).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? "")
    .join("");
}
