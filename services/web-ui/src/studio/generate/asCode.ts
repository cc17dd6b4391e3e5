/** The form as a program: the same request, sent by curl or by the Python client. */
import type { components } from "~/api/schema/platform-api";

type Request = components["schemas"]["QueueJobRequest"];

/** A command for a POSIX shell. The key comes from the environment, so that it is in no history. */
export function asCurl(request: Request, origin: string): string {
  const body = JSON.stringify(request, null, 2).replaceAll("'", "'\\''");
  return [
    `curl ${origin}/api/queue-job \\`,
    '  -H "X-API-Key: $DARKROOM_API_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${body}'`,
  ].join("\n");
}

/** A program for `darkroom-client`, which reads the key from the environment, too. */
export function asPython({ jobType, metadata }: Request, origin: string): string {
  const { prompt, seed, init_image: start, loras, ...others } = metadata ?? {};
  const options = {
    ...(seed === undefined ? {} : { seed }),
    ...(start ? { init_image: start.asset_id } : {}),
    ...(loras ? { loras: Object.fromEntries(loras.map(({ name, weight }) => [name, weight ?? 1])) } : {}),
    ...others,
  };
  const given = Object.entries(options).map(([name, value]) => {
    return `, ${name}=${name === "seed" ? String(value) : literal(value)}`;
  });
  return [
    "from darkroom_client import Client",
    "",
    `with Client(${literal(origin)}) as client:  # the key is DARKROOM_API_KEY`,
    `    job = client.run(${literal(jobType)}, ${literal(prompt ?? "")}${given.join("")})`,
    '    print(job.save("darkroom-output"))',
  ].join("\n");
}

/** Return a Python literal of a JSON value. Escapes of JSON strings mean the same in Python. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([name, part]) => `${JSON.stringify(name)}: ${literal(part)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value);
}
