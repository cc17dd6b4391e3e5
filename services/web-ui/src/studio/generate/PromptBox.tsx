/** The prompt, with room around it; enhancement and earlier prompts below. */
import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "~/api/queries";
import { promptOf } from "~/api/types";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { Menu } from "~/parts/Menu";
import { MAX_PROMPT } from "./request";
import { useEnhance } from "./useEnhance";

const EARLIER = 12;

interface PromptBoxProps {
  prompt: string;
  onChange: (prompt: string) => void;
}

export function PromptBox({ prompt, onChange }: PromptBoxProps) {
  const t = useText();
  const { data: jobs = [] } = useQuery(jobsQuery);
  const enhance = useEnhance();
  const earlier = [...new Set(jobs.map(promptOf).filter((text) => text !== "" && text !== prompt))].slice(0, EARLIER);
  return (
    <div className="field">
      <label className="sr" htmlFor="prompt">
        {t.studio.prompt}
      </label>
      <div className="promptbox area">
        <textarea
          id="prompt"
          rows={4}
          spellCheck={false}
          value={prompt}
          maxLength={MAX_PROMPT}
          placeholder={t.studio.placeholder}
          onChange={({ target }) => onChange(target.value)}
        />
        <div className="row promptfoot">
          <button
            type="button"
            className="btn ghost sm"
            disabled={prompt.trim() === "" || enhance.isRunning}
            onClick={() => enhance.run(prompt)}
          >
            <Icon name="enhance" />
            {enhance.isRunning ? t.studio.enhancing : t.studio.enhance}
          </button>
          {earlier.length > 0 && (
            <Menu
              className="btn ghost sm"
              button={
                <>
                  <Icon name="clock" />
                  {t.studio.earlierPrompts}
                </>
              }
            >
              {(close) => (
                <div className="prompts">
                  {earlier.map((text) => (
                    <button
                      key={text}
                      type="button"
                      className="item"
                      onClick={() => {
                        onChange(text);
                        close();
                      }}
                    >
                      <span className="clip">{text}</span>
                    </button>
                  ))}
                </div>
              )}
            </Menu>
          )}
          <span className="grow" />
          <span className="hint">{t.studio.characters(prompt.length, MAX_PROMPT)}</span>
        </div>
      </div>
    </div>
  );
}
