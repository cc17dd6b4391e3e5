/** Errors of the APIs: problem details of RFC 9457, as every Darkroom service sends them. */
import type { components } from "./schema/platform-api";

export type ErrorBody = components["schemas"]["ErrorBody"];

/** A request that failed. `status` is 0 if no response came. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly traceId: string | null;
  readonly retryable: boolean;
  readonly fields: NonNullable<ErrorBody["errors"]>;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Partial<ErrorBody> & Record<string, unknown>) {
    super(body.error ?? body.detail ?? "");
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "offline" : "unexpected");
    this.traceId = body.trace_id ?? null;
    this.retryable = body.retryable ?? status === 0;
    this.fields = body.errors ?? [];
    this.body = body;
  }

  /** Whether the server was not reached, or could not answer for now. */
  get isOutage(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Read the body of a failed response. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => ({}));
  return new Problem(response.status, (body ?? {}) as Partial<ErrorBody> & Record<string, unknown>);
}

/** Return any thrown value as a Problem. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, { error: error instanceof Error ? error.message : "" });
}
