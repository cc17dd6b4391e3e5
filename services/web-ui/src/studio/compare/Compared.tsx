/** Two assets, the verdict on them, and the ways to look at both. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isVideo, type AssetWithRecipe } from "~/api/types";
import { useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { useKeys } from "~/parts/useKeys";
import { comparisonQuery } from "./comparison";
import { CompareStage, type View } from "./CompareStage";
import { Verdict } from "./Verdict";

interface ComparedProps {
  first: AssetWithRecipe;
  second: AssetWithRecipe;
  names: readonly [string, string];
}

export function Compared({ first, second, names }: ComparedProps) {
  const t = useText();
  const comparison = useQuery(comparisonQuery(first, second));
  const difference = comparison.data && "difference" in comparison.data ? comparison.data.difference : null;
  const views: View[] = isVideo(first.mime_type) || isVideo(second.mime_type) ? ["side"] : ["edge", "side"];
  if (difference !== null) views.push("heat");
  const [chosen, choose] = useState<View>("edge");
  const view = views.includes(chosen) ? chosen : (views[0] ?? "side");
  useKeys(Object.fromEntries(views.map((each, index) => [String(index + 1), () => choose(each)])));
  return (
    <div className="stack">
      <div className="row wrap">
        {comparison.data && <Verdict of={comparison.data} />}
        {comparison.isPending && <p className="dim">{t.compare.comparing}</p>}
        <span className="grow" />
        {views.length > 1 && (
          <div className="seg" role="group" aria-label={t.compare.view}>
            {views.map((each, index) => (
              <button key={each} type="button" aria-pressed={each === view} onClick={() => choose(each)}>
                {t.compare.views[each]} <kbd className="wide">{index + 1}</kbd>
              </button>
            ))}
          </div>
        )}
      </div>
      {comparison.error !== null && <ErrorNotice error={comparison.error} onRetry={() => void comparison.refetch()} />}
      <CompareStage first={first} second={second} view={view} difference={difference} names={names} />
    </div>
  );
}
