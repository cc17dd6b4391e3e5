/** The filters, the number of pictures, and the way into selecting. */
import { useQuery } from "@tanstack/react-query";
import type { LibraryFilter } from "~/api/library";
import { jobTypesQuery } from "~/api/queries";
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { studioTypes } from "../generate/request";

interface LibraryBarProps {
  filter: LibraryFilter;
  onFilter: (filter: LibraryFilter) => void;
  total: number;
  picking: boolean;
  onPick: () => void;
}

export function LibraryBar({ filter, onFilter, total, picking, onPick }: LibraryBarProps) {
  const t = useText();
  const format = useFormat();
  const { data: types = [] } = useQuery(jobTypesQuery);
  const label = types.find(({ name }) => name === filter.job_type)?.label ?? filter.job_type;
  const kinds = { "image/*": t.library.pictures, "video/*": t.library.videos };
  const kind = Object.entries(kinds).find(([mimeType]) => mimeType === filter.mime_type)?.[1];
  const without = (name: keyof LibraryFilter) => onFilter({ ...filter, [name]: undefined });
  return (
    <div className="libbar">
      <div className="row filters">
        {label ? (
          <Chosen name={t.library.type} value={label} onRemove={() => without("job_type")} />
        ) : (
          <Menu className="chip filter" button={<Closed label={t.library.type} />}>
            {(close) => (
              <div className="prompts">
                {studioTypes(types).map((type) => (
                  <button
                    key={type.name}
                    type="button"
                    className="item"
                    onClick={() => {
                      onFilter({ ...filter, job_type: type.name });
                      close();
                    }}
                  >
                    {type.label}
                  </button>
                ))}
              </div>
            )}
          </Menu>
        )}
        {kind ? (
          <Chosen name={t.library.kind} value={kind} onRemove={() => without("mime_type")} />
        ) : (
          <Menu className="chip filter" button={<Closed label={t.library.kind} />}>
            {(close) =>
              Object.entries(kinds).map(([mimeType, text]) => (
                <button
                  key={mimeType}
                  type="button"
                  className="item"
                  onClick={() => {
                    onFilter({ ...filter, mime_type: mimeType });
                    close();
                  }}
                >
                  {text}
                </button>
              ))
            }
          </Menu>
        )}
      </div>
      <span className="grow wide" />
      <p className="row libcount">
        <span>
          <b>{format.number(total)}</b> <span className="dim">{t.library.count(total)}</span>
        </span>
      </p>
      <button type="button" className="btn" aria-pressed={picking} disabled={total === 0} onClick={onPick}>
        {picking ? t.shared.done : t.library.choose}
      </button>
    </div>
  );
}

function Closed({ label }: { label: string }) {
  return (
    <>
      {label}
      <Icon name="down" />
    </>
  );
}

function Chosen({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  const t = useText();
  return (
    <span className="chip filter on">
      {value}
      <button type="button" className="x" aria-label={t.library.removeFilter(name)} onClick={onRemove}>
        <Icon name="x" />
      </button>
    </span>
  );
}
