/** One workflow: what it does, what it needs, its definition, and a collection of it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { removeWorkflow, workflowQuery, type WorkflowDetail } from "~/api/workflows";
import { useText } from "~/i18n";
import { CopyText } from "~/parts/CopyText";
import { Icon } from "~/parts/Icon";
import { NotLoaded } from "~/parts/NotLoaded";
import { NewCollectionDialog } from "./NewCollectionDialog";
import { labelOf, placeholdersOf } from "./placeholders";
import { RemoveButton } from "./RemoveButton";

export default function WorkflowPage({ name }: { name: string }) {
  const t = useText();
  const workflow = useQuery(workflowQuery(name));
  return (
    <main id="main" className="page jobpage">
      {workflow.data === undefined ? (
        <NotLoaded of={workflow} gone={t.workflows.gone} />
      ) : (
        <Shown workflow={workflow.data} />
      )}
    </main>
  );
}

function Shown({ workflow }: { workflow: WorkflowDetail }) {
  const t = useText();
  const [, navigate] = useLocation();
  const [isMaking, setMaking] = useState(false);
  const { definition } = workflow;
  return (
    <>
      <div className="head">
        <div>
          <h1>{workflow.label}</h1>
          <p className="sub row wrap facts">
            <span className="chip">{workflow.built_in ? t.workflows.builtIn : t.workflows.yours}</span>
            <span>{t.workflows.types[workflow.type]}</span>
            <code>{workflow.name}</code>
          </p>
        </div>
        <div className="btns">
          {!workflow.built_in && (
            <RemoveButton
              name={workflow.label}
              hint={t.workflows.removeWorkflowHint}
              list="workflows"
              remove={() => removeWorkflow(workflow.name)}
            />
          )}
          <button type="button" className="btn primary" onClick={() => setMaking(true)}>
            <Icon name="plus" />
            {t.workflows.newCollection}
          </button>
        </div>
      </div>
      <div className="cols21">
        <section className="panel" aria-labelledby="definition">
          <div className="ph">
            <h2 id="definition" className="grow">
              {t.workflows.definition}
            </h2>
            <CopyText value={definition} short="JSON" name={t.workflows.definition} />
          </div>
          <div className="pb">
            <pre className="code" tabIndex={0}>
              {definition}
            </pre>
          </div>
        </section>
        <section className="panel" aria-labelledby="about">
          <div className="ph">
            <h2 id="about">{t.workflows.about}</h2>
          </div>
          <div className="pb stack">
            {workflow.description && <p>{workflow.description}</p>}
            <dl className="kv">
              <dt>{t.workflows.output}</dt>
              <dd>{workflow.output_mime_type}</dd>
              <dt>{t.workflows.fields}</dt>
              <dd>{placeholdersOf(workflow).map(labelOf).join(", ") || "–"}</dd>
              <dt>{t.workflows.models}</dt>
              <dd>{workflow.models.join(", ") || "–"}</dd>
              <dt>{t.workflows.nodes}</dt>
              <dd>{workflow.custom_nodes.join(", ") || "–"}</dd>
            </dl>
          </div>
        </section>
      </div>
      {isMaking && (
        <NewCollectionDialog
          workflow={workflow}
          onClose={() => setMaking(false)}
          onMade={(id) => navigate(`/studio/workflows/collections/${id}`)}
        />
      )}
    </>
  );
}
