/** The sign-in page. A link with `#sign-in=<token>`, which `darkroom ui` prints, signs in without a password. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { data, platform } from "~/api/client";
import { asProblem } from "~/api/problem";
import { meQuery } from "~/api/queries";
import { useText } from "~/i18n";
import { Icon } from "~/parts/Icon";
import { TestStrip } from "./TestStrip";
import { takeToken } from "./token";

type Credentials = { name: string; password: string } | { login_token: string };

export function SignIn() {
  const t = useText();
  const client = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: Credentials) => data(platform.POST("/api/auth/login", { body })),
    retry: false,
    onSuccess: () => client.refetchQueries({ queryKey: meQuery.queryKey }),
  });
  useEffect(() => {
    const token = takeToken();
    if (token !== "") mutate({ login_token: token });
  }, [mutate]);

  const [visible, setVisible] = useState(false);
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({ name: String(form.get("name")), password: String(form.get("password")) });
  };
  const failure = error && asProblem(error);
  return (
    <main id="main" className="login">
      <form className="loginform" aria-labelledby="sign-in" onSubmit={send}>
        <p className="brand on">
          <span className="mark" aria-hidden="true" />
          {t.app}
        </p>
        <div className="stack s1">
          <h1 id="sign-in">{t.signIn.title}</h1>
          <p className="dim">{t.signIn.lead}</p>
        </div>
        <div className="stack">
          <div className="field">
            <label className="label" htmlFor="name">
              {t.signIn.name}
            </label>
            <input className="input" id="name" name="name" autoComplete="username" required autoFocus maxLength={200} />
          </div>
          <div className="field">
            <label className="label" htmlFor="password">
              {t.signIn.password}
            </label>
            <span className="affix end">
              <input
                className="input"
                id="password"
                name="password"
                type={visible ? "text" : "password"}
                autoComplete="current-password"
                required
                aria-invalid={failure?.status === 401}
                aria-describedby={failure ? "sign-in-error" : undefined}
              />
              <button
                type="button"
                className="btn ghost sq"
                aria-label={t.signIn.show}
                aria-pressed={visible}
                onClick={() => setVisible(!visible)}
              >
                <Icon name="eye" />
              </button>
            </span>
            {failure && (
              <p className="error-text" id="sign-in-error" role="alert">
                <Icon name="st-fail" />
                <span>{failure.status === 0 ? t.shared.notReached : failure.message}</span>
              </p>
            )}
          </div>
        </div>
        <button className="btn primary lg" disabled={isPending}>
          {t.signIn.send}
        </button>
        <p className="hint">
          {t.signIn.noAccount} <code>{"darkroom user add --password"}</code>
        </p>
      </form>
      <TestStrip />
    </main>
  );
}
