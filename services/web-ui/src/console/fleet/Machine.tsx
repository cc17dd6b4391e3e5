/** One machine: a row for each worker, with its device, models and steps. */
import type { Worker } from "~/api/queue";
import { useFormat, useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { shortId } from "~/parts/shortId";
import { useNow } from "~/parts/useNow";
import { isStale, stateOf } from "./filter";

interface MachineProps {
  id: string;
  workers: Worker[];
  onDrain: (worker: Worker) => void;
}

export function Machine({ id, workers, onDrain }: MachineProps) {
  const t = useText();
  const format = useFormat();
  const now = useNow(1000);
  return (
    <section className="panel" aria-labelledby={`machine-${id}`}>
      <div className="ph">
        <div className="row">
          <h2 className="mono" id={`machine-${id}`}>
            {id}
          </h2>
          <span className="dim clip">{t.console.workersN(workers.length)}</span>
        </div>
      </div>
      <table className="table cards">
        <thead className="sr">
          <tr>
            <th>{t.console.worker}</th>
            <th>{t.console.state}</th>
            <th>{t.console.device}</th>
            <th>{t.console.models}</th>
            <th>{t.console.steps}</th>
            <th>{t.console.seen}</th>
            <th>{t.apiKeys.actions}</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => {
            const { models, types, vram_gb, backends } = worker.capabilities;
            const age_s = Math.max(0, (now - worker.seen_at) / 1000);
            return (
              <tr key={worker.worker_id}>
                <td className="t mono">{worker.worker_id}</td>
                <td className="e">
                  <State worker={worker} now={now} />
                </td>
                <td data-l={t.console.device}>
                  {worker.gpu ?? backends[0] ?? t.console.cpu}
                  {vram_gb > 0 && <span className="faint"> {t.console.gigabytes(vram_gb)}</span>}
                </td>
                <td className="models">
                  <span className="row wrap s">
                    {(models.length > 0 ? models : types).map((name) => (
                      <span className="chip" key={name}>
                        {name}
                      </span>
                    ))}
                  </span>
                </td>
                <td data-l={t.console.steps} className="mono small">
                  {worker.current_job_ids.map(shortId).join(" ") || "–"}
                </td>
                <td data-l={t.console.seen} className={isStale(worker, now) ? "num amber" : "num dim"}>
                  {format.seconds(Math.floor(age_s))}
                </td>
                <td className="acts">
                  <button type="button" className="btn ghost sm" onClick={() => onDrain(worker)}>
                    <Icon name="drain" />
                    {t.console.drain}
                    <span className="sr">{worker.worker_id}</span>
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function State({ worker, now }: { worker: Worker; now: number }) {
  const t = useText();
  const state = stateOf(worker, now);
  if (state === "stale") {
    return (
      <span className="st warn">
        <Icon name="warn" />
        {t.console.states.stale}
      </span>
    );
  }
  return state === "busy" ? (
    <span className="st run">
      <Icon name="st-run" />
      {t.console.runningN(worker.running, worker.concurrency)}
    </span>
  ) : (
    <span className="st idle">
      <Icon name="st-idle" />
      {t.console.states.idle}
    </span>
  );
}
