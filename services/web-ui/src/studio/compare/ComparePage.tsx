/** Any two pictures or videos beside each other. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { assetQuery, siblingsQuery } from "~/api/queries";
import { useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { useKeys } from "~/parts/useKeys";
import { Film } from "../viewer/Film";
import { Compared } from "./Compared";

export default function ComparePage({ first: firstId, second: secondId }: { first: string; second: string }) {
  const t = useText();
  const [, navigate] = useLocation();
  const first = useQuery(assetQuery(firstId));
  const second = useQuery(assetQuery(secondId));
  const { data: siblings = [] } = useQuery(siblingsQuery(first.data?.job_id ?? null));
  const show = (one: string, other: string) => navigate(`/studio/compare/${one}/${other}`, { replace: true });
  const leave = () => (history.length > 1 ? history.back() : navigate("/library"));
  const step = (by: number) => {
    const others = siblings.filter(({ id }) => id !== firstId);
    const next = others[others.findIndex(({ id }) => id === secondId) + by];
    if (next) show(firstId, next.id);
  };
  useKeys({ Escape: leave, ArrowLeft: () => step(-1), ArrowRight: () => step(1), x: () => show(secondId, firstId) });
  const error = first.error ?? second.error;
  return (
    <main id="main" className="page compare">
      <div className="head">
        <div>
          <h1>{t.compare.title}</h1>
          <p className="sub">{t.compare.lead}</p>
        </div>
        <div className="btns">
          <button type="button" className="btn" onClick={() => show(secondId, firstId)}>
            <Icon name="swap" />
            {t.compare.swap} <kbd className="wide">{"x"}</kbd>
          </button>
          <button type="button" className="btn" onClick={leave}>
            {t.shared.back} <kbd className="wide">{"Esc"}</kbd>
          </button>
        </div>
      </div>
      {error !== null && (
        <ErrorNotice error={error} onRetry={() => void Promise.all([first.refetch(), second.refetch()])} />
      )}
      {error === null && (first.data === undefined || second.data === undefined) && <Skeleton rows={2} height={240} />}
      {first.data && second.data && (
        <Compared first={first.data} second={second.data} names={[t.compare.first, t.compare.second]} />
      )}
      <Film siblings={siblings} shown={secondId} onShow={(id) => id !== firstId && show(firstId, id)} />
    </main>
  );
}
