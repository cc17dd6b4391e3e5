/** A row for each member of a group; a job opens on click. */
import { Link } from "wouter";
import type { GroupMember } from "~/api/queueGroups";
import { useFormat, useText } from "~/i18n";
import { shortStep } from "../jobs/shortStep";
import { useRowKeys } from "../useRowKeys";
import { GroupState } from "./GroupState";

export function Members({ members }: { members: readonly GroupMember[] }) {
  const t = useText();
  const format = useFormat();
  useRowKeys();
  return (
    <table className="table cards">
      <thead>
        <tr>
          <th>{t.steps.step}</th>
          <th>{t.steps.status}</th>
          <th>{t.groups.backend}</th>
          <th>{t.console.worker}</th>
          <th className="num">{t.studio.seed}</th>
          <th>{t.console.wrong}</th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <tr key={member.job_id}>
            <td className="t">
              <Link
                className="link mono"
                href={`/console/jobs/${encodeURIComponent(member.job_id)}`}
                title={member.job_id}
                data-opens=""
              >
                {shortStep(member.job_id)}
              </Link>
            </td>
            <td className="e">
              <GroupState status={member.status} />
              {member.status === "running" && (
                <span className="dim">
                  {" "}
                  {format.percent(member.progress)} {member.current_step}
                </span>
              )}
            </td>
            <td data-l={t.groups.backend}>{member.backend_id ?? t.groups.anyBackend}</td>
            <td data-l={t.console.worker} className="dim">
              {member.worker_id ?? "–"}
            </td>
            <td data-l={t.studio.seed} className="num mono">
              {member.seed}
            </td>
            <td className="full">{member.error_message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
