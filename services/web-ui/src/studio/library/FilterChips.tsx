/** The filters of the library: a closed one offers its values, a chosen one can be removed. */
import { useQuery } from "@tanstack/react-query";
import { tagsQuery, type LibraryFilter } from "~/api/library";
import { jobTypesQuery } from "~/api/queries";
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { studioTypes } from "../generate/request";

interface FilterChipsProps {
  filter: LibraryFilter;
  onFilter: (filter: LibraryFilter) => void;
}

export function FilterChips({ filter, onFilter }: FilterChipsProps) {
  const t = useText();
  const format = useFormat();
  const { data: types = [] } = useQuery(jobTypesQuery);
  const { data: tags = [] } = useQuery(tagsQuery);
  const label = types.find(({ name }) => name === filter.job_type)?.label ?? filter.job_type;
  const kinds = { "image/*": t.library.pictures, "video/*": t.library.videos };
  const kind = Object.entries(kinds).find(([mimeType]) => mimeType === filter.mime_type)?.[1];
  const without = (name: keyof LibraryFilter) => onFilter({ ...filter, [name]: undefined });
  const chosen = filter.tag ?? [];
  const chosenAs = new Set(chosen.map((tag) => tag.toLowerCase()));
  const open = tags.filter(({ tag }) => !chosenAs.has(tag.toLowerCase()));
  const removeTag = (tag: string) => onFilter({ ...filter, tag: chosen.filter((other) => other !== tag) });
  return (
    <div className="row filters">
      <button
        type="button"
        className={filter.favourite ? "chip filter on" : "chip filter"}
        aria-pressed={filter.favourite ?? false}
        onClick={() => (filter.favourite ? without("favourite") : onFilter({ ...filter, favourite: true }))}
      >
        <Icon name="heart" />
        {t.marks.favourites}
      </button>
      {label ? (
        <Chosen name={t.library.type} value={label} onRemove={() => without("job_type")} />
      ) : (
        <Choice
          label={t.library.type}
          values={studioTypes(types).map((type) => ({ value: type.name, text: type.label }))}
          onChoose={(job_type) => onFilter({ ...filter, job_type })}
        />
      )}
      {kind ? (
        <Chosen name={t.library.kind} value={kind} onRemove={() => without("mime_type")} />
      ) : (
        <Choice
          label={t.library.kind}
          values={Object.entries(kinds).map(([value, text]) => ({ value, text }))}
          onChoose={(mime_type) => onFilter({ ...filter, mime_type })}
        />
      )}
      {chosen.map((tag) => (
        <Chosen key={tag} name={tag} value={tag} onRemove={() => removeTag(tag)} />
      ))}
      {open.length > 0 && (
        <Choice
          label={t.marks.tags}
          values={open.map(({ tag, count }) => ({ value: tag, text: tag, note: format.number(count) }))}
          onChoose={(tag) => onFilter({ ...filter, tag: [...chosen, tag] })}
        />
      )}
      {filter.model && <Chosen name={t.viewer.model} value={filter.model} onRemove={() => without("model")} />}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  values: { value: string; text: string; note?: string }[];
  onChoose: (value: string) => void;
}

function Choice({ label, values, onChoose }: ChoiceProps) {
  return (
    <Menu
      className="chip filter"
      button={
        <>
          {label}
          <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <div className="prompts">
          {values.map(({ value, text, note }) => (
            <button
              key={value}
              type="button"
              className="item"
              onClick={() => {
                onChoose(value);
                close();
              }}
            >
              <span className="clip grow">{text}</span>
              {note && <span className="faint">{note}</span>}
            </button>
          ))}
        </div>
      )}
    </Menu>
  );
}

function Chosen({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  const t = useText();
  return (
    <span className="chip filter on">
      <span className="clip">{value}</span>
      <button type="button" className="x" aria-label={t.library.removeFilter(name)} onClick={onRemove}>
        <Icon name="x" />
      </button>
    </span>
  );
}
