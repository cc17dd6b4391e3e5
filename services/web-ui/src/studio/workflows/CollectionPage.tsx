/** A collection: its form, and what came of it. The job is in the address, so that a reload shows it again. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { jobQuery, jobTypesQuery } from "~/api/queries";
import { collectionQuery, generate, removeCollection, variablesOf, type Collection } from "~/api/workflows";
import { useText } from "~/i18n";
import { Empty } from "~/parts/Empty";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { NotLoaded } from "~/parts/NotLoaded";
import { Skeleton } from "~/parts/Skeleton";
import { useKeyed } from "~/parts/useKeyed";
import { Result } from "../generate/Result";
import { RemoveButton } from "./RemoveButton";
import { VariableField } from "./VariableField";

export default function CollectionPage({ id }: { id: string }) {
  const t = useText();
  const collection = useQuery(collectionQuery(id));
  return (
    <main id="main" className="page jobpage">
      {collection.data === undefined ? (
        <NotLoaded of={collection} gone={t.workflows.collectionGone} />
      ) : (
        <Shown key={id} collection={collection.data} />
      )}
    </main>
  );
}

function Shown({ collection }: { collection: Collection }) {
  const t = useText();
  const [params, setParams] = useSearchParams();
  const jobId = params.get("job");
  const job = useQuery({ ...jobQuery(jobId ?? ""), enabled: jobId !== null });
  const types = useQuery(jobTypesQuery);
  return (
    <>
      <div className="head">
        <div>
          <h1>{collection.title}</h1>
          {collection.description && <p className="sub">{collection.description}</p>}
        </div>
        <RemoveButton
          name={collection.title}
          hint={t.workflows.removeHint}
          list="collections"
          remove={() => removeCollection(collection.id)}
        />
      </div>
      <div className="cols12">
        <GenerateForm
          collection={collection}
          onAccepted={(accepted) => setParams({ job: accepted }, { replace: true })}
        />
        <div className="stack s6">
          {job.data && <Result job={job.data} types={types.data ?? []} />}
          {jobId !== null && job.isPending && <Skeleton rows={2} height={240} />}
          {job.error !== null && job.data === undefined && (
            <ErrorNotice error={job.error} onRetry={() => void job.refetch()} />
          )}
          {jobId === null && <Empty text={t.studio.empty} />}
        </div>
      </div>
    </>
  );
}

interface GenerateFormProps {
  collection: Collection;
  onAccepted: (jobId: string) => void;
}

function GenerateForm({ collection, onAccepted }: GenerateFormProps) {
  const t = useText();
  const variables = variablesOf(collection);
  const [values, setValues] = useState(() =>
    Object.fromEntries(variables.map(({ template_mapping: name, options }) => [name, options[0] ?? ""])),
  );
  const { ask, error, isPending } = useKeyed(
    (asked: Record<string, string>, key) => generate(collection.id, asked, key),
    onAccepted,
  );
  const send = () => ask(filled(values));
  return (
    <form
      className="panel"
      aria-label={t.workflows.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) send();
      }}
    >
      <div className="pb stack">
        {variables.map((variable) => (
          <VariableField
            key={variable.template_mapping}
            variable={variable}
            value={values[variable.template_mapping] ?? ""}
            onChange={(value) => setValues({ ...values, [variable.template_mapping]: value })}
          />
        ))}
        {variables.length === 0 && <p className="dim">{t.workflows.noPlaceholders}</p>}
        <button type="submit" className="btn primary" disabled={isPending}>
          {isPending ? t.studio.sending : t.studio.generate}
        </button>
        {error !== null && <ErrorNotice error={error} onRetry={send} />}
      </div>
    </form>
  );
}

/** Return the values that were entered: a field that was left empty keeps the workflow's default. */
function filled(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ""));
}
