/** Lets the language model rewrite the prompt in the form; the one before can be restored. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "~/api/problem";
import { jobQuery } from "~/api/queries";
import { isActive, type Job } from "~/api/types";
import { useText } from "~/i18n";
import { useNotices } from "~/parts/Notices";
import { changeDraft } from "./draft";
import { useSubmit } from "./useSubmit";

const TYPE = "prompt_enhance";

export function useEnhance() {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  const submit = useSubmit(() => undefined);
  const [isRunning, setIsRunning] = useState(false);

  /** Resolve when the event stream says that the job has ended. */
  const ended = (id: string) =>
    new Promise<Job>((resolve) => {
      const look = () => {
        const job = client.getQueryData(jobQuery(id).queryKey);
        if (job === undefined || isActive(job)) return false;
        resolve(job);
        return true;
      };
      if (look()) return;
      const stop = client.getQueryCache().subscribe(() => {
        if (look()) stop();
      });
    });

  const run = async (prompt: string) => {
    setIsRunning(true);
    try {
      const id = await submit.askAsync({ jobType: TYPE, metadata: { prompt } });
      const job = await ended(id);
      const text: unknown = job.metadata["enhanced_prompt"];
      if (job.state !== "completed" || typeof text !== "string") {
        toast({ text: job.error_message ?? t.studio.notEnhanced });
        return;
      }
      changeDraft({ prompt: text });
      toast({ text: t.studio.enhancedNow, action: { label: t.shared.undo, run: () => changeDraft({ prompt }) } });
    } catch (error) {
      toast({ text: asProblem(error).message || t.shared.notReached });
    } finally {
      setIsRunning(false);
    }
  };
  return { isRunning, run: (prompt: string) => void run(prompt) };
}
