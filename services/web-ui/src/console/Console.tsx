/** The frame of the console: its pages beside each other in a rail. */
import { useQuery } from "@tanstack/react-query";
import { Link, Route, Switch, useLocation } from "wouter";
import { meQuery } from "~/api/queries";
import { queuesQuery } from "~/api/queue";
import { useFormat, useText } from "~/i18n";
import { NotFound } from "~/layout/NotFound";
import { Icon, type IconName } from "~/parts/Icon";
import { DeadLettersPage } from "./dead-letters/DeadLettersPage";
import { EventsPage } from "./events/EventsPage";
import { TailProvider } from "./events/useTail";
import { Fleet } from "./fleet/Fleet";
import { GroupPage } from "./groups/GroupPage";
import { GroupsPage } from "./groups/GroupsPage";
import { JobPage } from "./jobs/JobPage";
import { JobsPage } from "./jobs/JobsPage";
import { Overview } from "./overview/Overview";
import { QueuesPage } from "./queues/QueuesPage";
import { UsersPage } from "./users/UsersPage";
import { EndpointPage } from "./webhooks/EndpointPage";
import { WebhooksPage } from "./webhooks/WebhooksPage";

/** Whether a page is the one at this address, or below it. */
const isAt = (path: string, href: string) => path === href || (href !== "/console" && path.startsWith(`${href}/`));

export default function Console() {
  const t = useText();
  const format = useFormat();
  const [path] = useLocation();
  const { data: me } = useQuery(meQuery);
  const { data: queues } = useQuery({ ...queuesQuery, enabled: me?.operator === true });
  if (me !== undefined && !me.operator) return <NotFound />;
  const item = (href: string, icon: IconName, label: string, count?: number) => (
    <Link href={href} {...(isAt(path, href) ? { "aria-current": "page" as const } : {})}>
      <Icon name={icon} />
      <span>{label}</span>
      {count !== undefined && count > 0 && <span className="count">{format.number(count)}</span>}
    </Link>
  );
  return (
    <div className="frame">
      <nav className="rail" aria-label={t.console.title}>
        {item("/console", "console", t.console.overview)}
        {item("/console/queues", "queue", t.console.queues, queues && queues.pending + queues.delayed)}
        {item("/console/fleet", "gpu", t.console.fleet)}
        {item("/console/jobs", "jobs", t.steps.title)}
        {item("/console/groups", "vary", t.groups.title)}
        {item("/console/events", "events", t.events.title)}
        {item("/console/webhooks", "hook", t.webhooks.title)}
        {item("/console/users", "people", t.users.title)}
        {item("/console/dead-letters", "dead", t.console.deadLetters, queues?.dead_letters)}
      </nav>
      <TailProvider>
        <Switch>
          <Route path="/console" component={Overview} />
          <Route path="/console/queues" component={QueuesPage} />
          <Route path="/console/fleet" component={Fleet} />
          <Route path="/console/dead-letters" component={DeadLettersPage} />
          <Route path="/console/events" component={EventsPage} />
          <Route path="/console/jobs" component={JobsPage} />
          <Route path="/console/users" component={UsersPage} />
          <Route path="/console/groups" component={GroupsPage} />
          <Route path="/console/groups/:id">{({ id }) => <GroupPage key={id} id={id} />}</Route>
          <Route path="/console/webhooks" component={WebhooksPage} />
          <Route path="/console/webhooks/:tenant/:id">{(place) => <EndpointPage key={place.id} place={place} />}</Route>
          <Route path="/console/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
          <Route component={NotFound} />
        </Switch>
      </TailProvider>
    </div>
  );
}
