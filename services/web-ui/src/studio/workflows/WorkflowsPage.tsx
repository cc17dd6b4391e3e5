/** What can be run: collections, which are forms of one's own, and the workflows behind them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { collectionsQuery, variablesOf, workflowsQuery, type Collection, type Workflow } from "~/api/workflows";
import { useText } from "~/i18n";
import { Ago } from "~/parts/Ago";
import { ErrorNotice } from "~/parts/ErrorNotice";
import { Icon } from "~/parts/Icon";
import { Skeleton } from "~/parts/Skeleton";
import { NewCollectionDialog } from "./NewCollectionDialog";
import { NewWorkflowDialog } from "./NewWorkflowDialog";

export default function WorkflowsPage() {
  const t = useText();
  const [, navigate] = useLocation();
  const workflows = useQuery(workflowsQuery);
  const collections = useQuery(collectionsQuery);
  const [basis, setBasis] = useState<Workflow | null>(null);
  const [isMaking, setMaking] = useState(false);
  const error = workflows.error ?? collections.error;
  return (
    <main id="main" className="page jobpage">
      <div className="head">
        <div>
          <h1>{t.workflows.title}</h1>
          <p className="sub">{t.workflows.lead}</p>
        </div>
        <button type="button" className="btn" onClick={() => setMaking(true)}>
          <Icon name="plus" />
          {t.workflows.make}
        </button>
      </div>
      {error !== null && (
        <ErrorNotice error={error} onRetry={() => void Promise.all([workflows.refetch(), collections.refetch()])} />
      )}
      {error === null && (workflows.isPending || collections.isPending) && <Skeleton rows={4} height={52} />}
      <div className="stack s6">
        {collections.data && <Collections of={collections.data} />}
        {workflows.data && <Workflows of={workflows.data} onUse={setBasis} />}
      </div>
      {basis && (
        <NewCollectionDialog
          workflow={basis}
          onClose={() => setBasis(null)}
          onMade={(id) => navigate(`/studio/workflows/collections/${id}`)}
        />
      )}
      {isMaking && (
        <NewWorkflowDialog onClose={() => setMaking(false)} onMade={(name) => navigate(`/studio/workflows/${name}`)} />
      )}
    </main>
  );
}

function Collections({ of }: { of: Collection[] }) {
  const t = useText();
  return (
    <section aria-labelledby="collections">
      <div className="sechead">
        <h2 id="collections">{t.workflows.collections}</h2>
        <span className="faint">{of.length}</span>
      </div>
      {of.length === 0 && (
        <p className="dim">
          {t.workflows.noCollections} {t.workflows.noCollectionsHint}
        </p>
      )}
      <ul className="cardgrid">
        {of.map((collection) => (
          <li key={collection.id} className="card">
            <h3 className="clip">
              <Link className="cover" href={`/studio/workflows/collections/${collection.id}`}>
                {collection.title}
              </Link>
            </h3>
            {collection.description && <p className="dim two-lines">{collection.description}</p>}
            <p className="row wrap faint small facts">
              <span>{t.workflows.choices(variablesOf(collection).length)}</span>
              <Ago at={collection.created_at} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Workflows({ of, onUse }: { of: Workflow[]; onUse: (workflow: Workflow) => void }) {
  const t = useText();
  return (
    <section aria-labelledby="workflows">
      <div className="sechead">
        <h2 id="workflows">{t.workflows.workflows}</h2>
        <span className="faint">{of.length}</span>
      </div>
      <ul className="cardgrid">
        {of.map((workflow) => (
          <li key={workflow.id} className="card">
            <div className="row">
              <h3 className="clip grow">
                <Link className="cover" href={`/studio/workflows/${workflow.name}`}>
                  {workflow.label}
                </Link>
              </h3>
              <span className="chip">{workflow.built_in ? t.workflows.builtIn : t.workflows.yours}</span>
            </div>
            <p className="dim two-lines">{workflow.description}</p>
            <div className="row">
              <span className="faint small grow clip">{t.workflows.types[workflow.type]}</span>
              <button type="button" className="btn sm above" onClick={() => onUse(workflow)}>
                {t.workflows.use}
                <span className="sr">{workflow.label}</span>
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
