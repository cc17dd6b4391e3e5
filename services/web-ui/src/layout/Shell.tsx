/** The frame of every page: header, offline bar, bottom tabs on phones. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { jobsQuery, meQuery } from "~/api/queries";
import { queueUrl } from "~/api/operator";
import { isActive } from "~/api/types";
import { useFormat, useText } from "~/i18n";
import { useLink } from "~/live/Live";
import { Icon, type IconName } from "~/parts/Icon";
import { useKeys } from "~/parts/useKeys";
import { AccountMenu } from "./AccountMenu";
import { KeyHelp } from "./KeyHelp";
import { LinkStatus, OfflineStrip } from "./LinkStatus";
import { UpdateReady } from "./UpdateReady";
import { useProgressTitle } from "./useProgressTitle";

interface Place {
  href: string;
  icon: IconName;
  label: string;
}

export function Shell({ children }: { children: ReactNode }) {
  const t = useText();
  const [path, navigate] = useLocation();
  const { data: jobs = [] } = useQuery(jobsQuery);
  const active = jobs.filter(isActive).length;
  useProgressTitle(jobs);
  useKeys({
    S: () => navigate("/studio"),
    L: () => navigate("/library"),
    W: () => navigate("/studio/workflows"),
    C: () => navigate("/credits"),
  });

  const places: Place[] = [
    { href: "/studio", icon: "studio", label: t.nav.studio },
    { href: "/library", icon: "library", label: t.nav.library },
    { href: "/studio/workflows", icon: "sliders", label: t.workflows.nav },
  ];
  const { data: queue } = useQuery({ queryKey: ["queue", "url"], queryFn: queueUrl, staleTime: Infinity });
  const { data: me } = useQuery(meQuery);
  if (me?.operator && queue) places.push({ href: "/console", icon: "console", label: t.console.title });
  const current = places.findLast(({ href }) => path.startsWith(href))?.href ?? path;
  const here = (href: string) => (href === current ? { "aria-current": "page" as const } : {});
  return (
    <>
      <a className="skip" href="#main">
        {t.nav.skip}
      </a>
      <Header places={places} here={here} lit={active > 0} />
      <OfflineStrip />
      {children}
      <nav className="bottom-tabs" aria-label={t.nav.main}>
        {[...places, { href: "/credits", icon: "credit" as const, label: t.nav.credits }].map(
          ({ href, icon, label }) => (
            <Link key={href} href={href} {...here(href)}>
              <Icon name={icon} large />
              {label}
              {href === "/studio" && active > 0 && (
                <span className="badge hot" aria-label={t.nav.developing(active)}>
                  {active}
                </span>
              )}
            </Link>
          ),
        )}
      </nav>
      <KeyHelp />
    </>
  );
}

interface HeaderProps {
  places: Place[];
  here: (href: string) => { "aria-current"?: "page" };
  lit: boolean;
}

function Header({ places, here, lit }: HeaderProps) {
  const t = useText();
  const format = useFormat();
  const { data: me } = useQuery(meQuery);
  const { state } = useLink();
  return (
    <header className={lit || state === "live" ? "bar on" : "bar"}>
      <Link className="brand" href="/studio">
        <span className="mark" aria-hidden="true" />
        {t.app}
      </Link>
      <nav className="nav" aria-label={t.nav.main}>
        {places.map(({ href, label }) => (
          <Link key={href} href={href} {...here(href)}>
            {label}
          </Link>
        ))}
      </nav>
      <span className="grow wide" />
      {me && (
        <Link
          className="btn ghost sm credits"
          href="/credits"
          aria-label={t.nav.creditsLeft(format.credits(me.credits))}
        >
          <span className="strong">{format.amount(me.credits)}</span>
          <span>{t.shared.cr}</span>
        </Link>
      )}
      <UpdateReady />
      <LinkStatus />
      {me && <AccountMenu name={me.name} />}
    </header>
  );
}
