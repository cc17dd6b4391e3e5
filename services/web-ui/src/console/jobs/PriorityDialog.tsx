/** Changes the priority of a waiting step: 1 to 100, higher is sooner. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { prioritizeQueueJob, type QueueJob } from "~/api/queueJobs";
import { useText } from "~/i18n";
import { FormDialog } from "~/parts/FormDialog";
import { useNotices } from "~/parts/Notices";
import { TextField } from "~/parts/TextField";
import { shortStep } from "./shortStep";

const HIGHEST = 100;

export function PriorityDialog({ job, onClose }: { job: QueueJob; onClose: () => void }) {
  const t = useText();
  const client = useQueryClient();
  const { toast } = useNotices();
  const [text, setText] = useState(String(job.priority));
  const priority = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  const isValid = priority >= 1 && priority <= HIGHEST;
  const change = useMutation({
    mutationFn: () => prioritizeQueueJob(job, priority),
    onSuccess: async () => {
      toast({ text: t.steps.prioritized(priority) });
      await client.invalidateQueries({ queryKey: ["queue"] });
      onClose();
    },
  });
  return (
    <FormDialog
      title={t.steps.priorityTitle(shortStep(job.job_id))}
      act={t.steps.priorityAct}
      isReady={isValid && priority !== job.priority}
      isPending={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <TextField
        label={t.steps.priority}
        value={text}
        maxLength={3}
        inputMode="decimal"
        isWrong={!isValid}
        hint={t.steps.priorityHint}
        onChange={setText}
      />
    </FormDialog>
  );
}
