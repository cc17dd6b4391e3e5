/** The tags of the picture: each leads to the pictures that have it. */
import { Link } from "wouter";
import type { Asset } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { TagInput } from "../TagInput";
import { addTag, useMark } from "../useMark";

const MAX_TAGS = 20;

export function TagEditor({ asset }: { asset: Asset }) {
  const t = useText();
  const mark = useMark();
  const without = (tag: string) => void mark([{ asset, change: { tags: asset.tags.filter((each) => each !== tag) } }]);
  const last = asset.tags.at(-1);
  return (
    <div className="stack s2">
      <span className="label">{t.marks.tags}</span>
      <ul className="tags">
        {asset.tags.map((tag) => (
          <li key={tag} className="chip">
            <Link className="clip" href={`/library?tag=${encodeURIComponent(tag)}`}>
              {tag}
            </Link>
            <button type="button" className="x" aria-label={t.marks.removeTag(tag)} onClick={() => without(tag)}>
              <Icon name="x" />
            </button>
          </li>
        ))}
      </ul>
      {asset.tags.length < MAX_TAGS && (
        <TagInput
          onAdd={(tag) => void mark(addTag([asset], tag))}
          {...(last === undefined ? {} : { onBack: () => without(last) })}
        />
      )}
    </div>
  );
}
