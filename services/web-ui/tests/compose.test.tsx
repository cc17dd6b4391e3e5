import { render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { Problem } from "~/api/problem";
import { I18nProvider } from "~/i18n";
import { ComposeError } from "~/studio/generate/ComposeError";
import { GenerateButton } from "~/studio/generate/GenerateButton";
import { jobType } from "./samples";

const shown = (element: React.ReactElement) => render(<I18nProvider>{element}</I18nProvider>);

describe("the button", () => {
  it("says what is made, what it costs and how long it takes", () => {
    shown(<GenerateButton type={jobType()} busy={false} />);
    expect(screen.getByRole("button").textContent).toBe("Generate 61.5\u00a0cr·≈ 25–40\u00a0s");
  });

  it("leaves out a time that was not measured", () => {
    shown(<GenerateButton type={jobType({ eta: null })} busy={false} />);
    expect(screen.getByRole("button").textContent).toBe("Generate 61.5\u00a0cr");
  });
});

describe("a request that was not accepted", () => {
  it("names the credits that are missing", () => {
    const body = { code: "insufficient_credits", required_credits: 1, balance_credits: 0.4, missing_credits: 0.6 };
    const problem = new Problem(402, body as unknown as ConstructorParameters<typeof Problem>[1]);
    shown(<ComposeError error={problem} onRetry={vi.fn()} />);
    expect(screen.getByRole("alert").textContent).toContain("This costs 1.0\u00a0cr and you have 0.4\u00a0cr.");
    expect(screen.getByRole("alert").textContent).toContain("0.6\u00a0cr are missing");
  });

  it("names the fields that are wrong, and can be repeated only if that may help", () => {
    const errors = [{ field: "metadata.prompt", message: "must have at most 2000 characters" }];
    shown(<ComposeError error={new Problem(400, { error: "Not valid.", errors })} onRetry={vi.fn()} />);
    expect(screen.getByRole("alert").textContent).toContain("metadata.prompt must have at most 2000 characters");
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  it("says that nothing was sent if no server answered", () => {
    const retry = vi.fn();
    shown(<ComposeError error={new Problem(0, {})} onRetry={retry} />);
    screen.getByRole("button", { name: "Try again" }).click();
    expect(retry).toHaveBeenCalledOnce();
  });
});
