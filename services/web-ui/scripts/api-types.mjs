/** Generates the types of the APIs from the OpenAPI documents of proto-schemas, so that a changed route breaks the build. */
import { mkdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const schemas = new URL("../../../proto-schemas/openapi/", import.meta.url);
const target = new URL("../src/api/schema/", import.meta.url);

await mkdir(target, { recursive: true });
for (const service of ["platform-api", "queue-api", "webhook-dispatcher"]) {
  const tree = await openapiTS(new URL(`${service}.json`, schemas), { defaultNonNullable: false });
  await writeFile(new URL(`${service}.ts`, target), astToString(tree));
}
