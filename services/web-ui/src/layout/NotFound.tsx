/** An address that names no page. */
import { Link } from "wouter";
import { useText } from "~/i18n";
import { Empty } from "~/parts/Empty";

export function NotFound() {
  const t = useText();
  return (
    <main id="main" className="page">
      <Empty text={t.shared.noPage}>
        <Link className="btn" href="/studio">
          {t.nav.studio}
        </Link>
      </Empty>
    </main>
  );
}
