/** Workflows and collections of the account. */
import { queryOptions } from "@tanstack/react-query";
import { allPages } from "./allPages";
import { data, platform, verbatim } from "./client";
import { parseMarked, printMarked } from "./longNumbers";
import type { components } from "./schema/platform-api";

type Schemas = components["schemas"];

export type Workflow = Schemas["WorkflowItemWithData"];
/** `definition` is its JSON text. */
export type WorkflowDetail = Schemas["WorkflowDetail"] & { definition: string };
export type NewWorkflow = Omit<Schemas["NewWorkflow"], "data"> & { definition: string };
export type NewCollection = Schemas["NewCollection"];
export type Collection = Schemas["CollectionItem"];

/** Something that the user of a collection sets. */
export interface Variable {
  name: string;
  template_mapping: string;
  options: string[];
  /** Whether values other than the options are permitted. */
  is_customizable: boolean;
}

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: () =>
    allPages((where) => {
      const query = { ...where, include: "true" as const };
      return data(platform.GET("/api/workflows", { params: { query } }));
    }) as Promise<Workflow[]>,
  staleTime: 60_000,
});

export const workflowQuery = (name: string) =>
  queryOptions({
    queryKey: ["workflows", name],
    queryFn: async () => {
      const text = await data(verbatim.GET("/api/workflows/{name}", { params: { path: { name } }, parseAs: "text" }));
      const workflow = (parseMarked(text as string) as Schemas["WorkflowAnswer"]).data;
      return { ...workflow, definition: printMarked(workflow.data) };
    },
    staleTime: 60_000,
  });

export const collectionsQuery = queryOptions({
  queryKey: ["collections"],
  queryFn: () => allPages((query) => data(platform.GET("/api/collections", { params: { query } }))),
  staleTime: 60_000,
});

export const collectionQuery = (id: string) =>
  queryOptions({
    queryKey: ["collections", id],
    queryFn: async () => {
      const params = { path: { collection_id: id } };
      return (await data(platform.GET("/api/collections/{collection_id}", { params }))).data;
    },
    staleTime: 60_000,
  });

/** Return the variables of a collection. Damaged ones are left out; generating says what is wrong with them. */
export function variablesOf(collection: Collection): Variable[] {
  const stored: unknown = collection.variables;
  if (!Array.isArray(stored)) return [];
  return (stored as Partial<Variable>[])
    .filter((each) => typeof each?.name === "string" && typeof each.template_mapping === "string")
    .map(({ name = "", template_mapping = "", options, is_customizable = false }) => ({
      name,
      template_mapping,
      options: Array.isArray(options) ? options.map(String) : [],
      is_customizable,
    }));
}

/** Save a workflow. Its definition is sent as it was written. */
export async function saveWorkflow({ definition, ...workflow }: NewWorkflow, key: string): Promise<string> {
  const params = { header: { "Idempotency-Key": key } };
  const text = `${JSON.stringify(workflow).slice(0, -1)},"data":${definition}}`;
  const body = { ...workflow, data: {} };
  return (await data(platform.POST("/api/workflows", { params, body, bodySerializer: () => text }))).data.name;
}

export async function removeWorkflow(name: string): Promise<void> {
  await data(platform.DELETE("/api/workflows/{name}", { params: { path: { name } } }));
}

export async function saveCollection(collection: NewCollection, key: string): Promise<string> {
  const params = { header: { "Idempotency-Key": key } };
  return (await data(platform.POST("/api/collections", { params, body: collection }))).data.id;
}

export async function removeCollection(id: string): Promise<void> {
  await data(platform.DELETE("/api/collections/{collection_id}", { params: { path: { collection_id: id } } }));
}

/** Queue one job with the chosen values, by the placeholders that they fill. Returns its id. */
export async function generate(id: string, variables: Record<string, string>, key: string): Promise<string> {
  const params = { path: { collection_id: id }, header: { "Idempotency-Key": key } };
  return (await data(platform.POST("/api/collections/{collection_id}/generate", { params, body: { variables } }))).data
    .jobId;
}
