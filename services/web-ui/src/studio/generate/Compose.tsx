/** The form for new pictures. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import { meQuery } from "~/api/queries";
import type { JobType } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Advanced } from "./Advanced";
import { ComposeError } from "./ComposeError";
import { PresetDialogs, type PresetAct } from "../presets/PresetDialogs";
import { PresetMenu } from "../presets/PresetMenu";
import { CopyAsCode } from "./CopyAsCode";
import { changeDraft, useDraft } from "./draft";
import { GenerateButton } from "./GenerateButton";
import { PromptBox } from "./PromptBox";
import { newSeed, requestOf, SEED, studioTypes, takes } from "./request";
import { TypeChoice } from "./TypeChoice";
import { useSubmit } from "./useSubmit";

interface ComposeProps {
  types: UseQueryResult<JobType[]>;
  onAccepted: (jobId: string) => void;
}

export function Compose({ types, onAccepted }: ComposeProps) {
  const t = useText();
  const format = useFormat();
  const draft = useDraft();
  const { data: me } = useQuery(meQuery);
  const [hint, setHint] = useState("");
  const [act, setAct] = useState<PresetAct | null>(null);
  const submit = useSubmit(onAccepted);
  const negativeId = useId();
  const seedId = useId();

  const offered = studioTypes(types.data ?? []);
  const type = offered.find((each) => each.name === draft.type) ?? offered[0];
  const send = () => {
    if (type === undefined || submit.isPending) return;
    if (draft.prompt.trim() === "") {
      setHint(t.studio.writeFirst);
      document.getElementById("prompt")?.focus();
      return;
    }
    setHint("");
    submit.ask(requestOf(draft, type));
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  };
  const left = me && type ? me.credits - type.price : null;
  return (
    <>
      <form className="compose" aria-label={t.studio.form} onSubmit={onSubmit} onKeyDown={onKeyDown}>
        {types.error !== null && types.data === undefined ? (
          <ErrorNotice error={types.error} onRetry={() => void types.refetch()} />
        ) : (
          <TypeChoice types={offered} chosen={type} onChoose={(name) => changeDraft({ type: name })}>
            <PresetMenu types={offered} request={type && requestOf(draft, type)} onAct={setAct} />
          </TypeChoice>
        )}
        <PromptBox prompt={draft.prompt} onChange={(prompt) => changeDraft({ prompt })} />
        {type && takes(type, "negative_prompt") && (
          <div className="field">
            <label className="label" htmlFor={negativeId}>
              {t.studio.leaveOut}
              <span className="faint">{t.studio.negative}</span>
            </label>
            <input
              className="input"
              id={negativeId}
              value={draft.negative ?? ""}
              placeholder={t.studio.negativeDefault}
              maxLength={2000}
              onChange={({ target }) => changeDraft({ negative: target.value === "" ? null : target.value })}
            />
          </div>
        )}
        <div className="field">
          <label className="label" htmlFor={seedId}>
            {t.studio.seed}
          </label>
          <span className="affix end">
            <input
              className="input"
              id={seedId}
              inputMode="numeric"
              value={draft.seed}
              placeholder={t.studio.randomSeed}
              onChange={({ target }) => SEED.test(target.value) && changeDraft({ seed: target.value })}
            />
            {draft.seed === "" ? (
              <button
                type="button"
                className="btn ghost sq"
                aria-label={t.studio.rollSeed}
                onClick={() => changeDraft({ seed: newSeed() })}
              >
                <Icon name="dice" />
              </button>
            ) : (
              <button
                type="button"
                className="btn ghost sq"
                aria-label={t.studio.clearSeed}
                onClick={() => changeDraft({ seed: "" })}
              >
                <Icon name="x" />
              </button>
            )}
          </span>
        </div>
        {type && (takes(type, "init_image") || takes(type, "loras")) && <Advanced draft={draft} type={type} />}
        {submit.error !== null && <ComposeError error={submit.error} onRetry={send} />}
        <div className="go">
          <GenerateButton type={type} busy={submit.isPending} />
          <div className="row hint">
            <span className="grow" role="status">
              {hint || (left !== null && left >= 0 ? t.studio.leftAfter(format.credits(left)) : "")}
            </span>
            {type && <CopyAsCode request={requestOf(draft, type)} />}
            <span className="wide">
              <kbd>{t.keys.ctrl}</kbd> <kbd>↵</kbd>
            </span>
          </div>
        </div>
      </form>
      <PresetDialogs act={act} onClose={() => setAct(null)} />
    </>
  );
}
