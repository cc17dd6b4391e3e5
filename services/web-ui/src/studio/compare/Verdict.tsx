/** What a comparison found, in one sentence. */
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import type { Comparison } from "./comparison";

export function Verdict({ of }: { of: Comparison }) {
  const t = useText();
  const format = useFormat();
  const isEqual = of.verdict === "bytes" || of.verdict === "near";
  return (
    <p className="verdict" role="status" data-verdict={of.verdict}>
      <Icon name={isEqual ? "st-done" : "info"} large />
      <span>
        <b>{t.compare.verdicts[of.verdict]}</b>{" "}
        {"difference" in of && (
          <span className="dim">
            {t.compare.howFar(format.share(of.difference.share), format.number(of.difference.most))}
          </span>
        )}
      </span>
    </p>
  );
}
