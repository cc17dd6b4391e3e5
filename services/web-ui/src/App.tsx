/** Chooses the page: the sign-in page without a session, else the one that the address names. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { asProblem } from "./api/problem";
import { meQuery } from "./api/queries";
import { Shell } from "./layout/Shell";
import { Live } from "./live/Live";
import { ErrorNotice } from "./parts/ErrorNotice";
import { NoticesProvider } from "./parts/Notices";
import { SignIn } from "./sign-in/SignIn";
import { takeToken } from "./sign-in/token";
import { NotFound } from "./layout/NotFound";
import { Studio } from "./studio/generate/Studio";

const Viewer = lazy(() => import("./studio/viewer/Viewer"));
const ComparePage = lazy(() => import("./studio/compare/ComparePage"));
const ReplayPage = lazy(() => import("./studio/compare/ReplayPage"));
const Library = lazy(() => import("./studio/library/Library"));
const JobPage = lazy(() => import("./studio/job/JobPage"));
const Console = lazy(() => import("./console/Console"));
const Keys = lazy(() => import("./studio/keys/Keys"));
const WorkflowsPage = lazy(() => import("./studio/workflows/WorkflowsPage"));
const WorkflowPage = lazy(() => import("./studio/workflows/WorkflowPage"));
const CollectionPage = lazy(() => import("./studio/workflows/CollectionPage"));
const Credits = lazy(() => import("./studio/credits/Credits"));

export function App() {
  const me = useQuery(meQuery);
  if (me.data === undefined) {
    if (me.error === null) return null;
    if (asProblem(me.error).status === 401) return <SignIn />;
    return (
      <main id="main" className="page">
        <ErrorNotice error={me.error} onRetry={() => void me.refetch()} />
      </main>
    );
  }
  if (me.error !== null && asProblem(me.error).status === 401) return <SignIn />;
  takeToken(); // of a link that was opened with a session
  return (
    <NoticesProvider>
      <Live>
        <Suspense fallback={null}>
          <Switch>
            <Route path="/studio/picture/:id">{({ id }) => <Viewer key="viewer" id={id} />}</Route>
            <Route>
              <Shell>
                <Suspense fallback={<main id="main" />}>
                  <Pages />
                </Suspense>
              </Shell>
            </Route>
          </Switch>
        </Suspense>
      </Live>
    </NoticesProvider>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/studio" replace />
      </Route>
      <Route path="/studio" component={Studio} />
      <Route path="/studio/jobs/:id">{({ id }) => <JobPage id={id} />}</Route>
      <Route path="/studio/compare/:first/:second">
        {({ first, second }) => <ComparePage first={first} second={second} />}
      </Route>
      <Route path="/studio/replay/:asset/:job/:index">
        {({ asset, job, index }) => <ReplayPage asset={asset} job={job} index={Number(index)} />}
      </Route>
      <Route path="/library" component={Library} />
      <Route path="/studio/workflows" component={WorkflowsPage} />
      <Route path="/studio/workflows/collections/:id">{({ id }) => <CollectionPage id={id} />}</Route>
      <Route path="/studio/workflows/:name">{({ name }) => <WorkflowPage name={name} />}</Route>
      <Route path="/credits" component={Credits} />
      <Route path="/keys" component={Keys} />
      <Route path="/console/*?" component={Console} />
      <Route component={NotFound} />
    </Switch>
  );
}
