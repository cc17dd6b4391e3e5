/** Workflows and collections of the account. */
import { queryOptions } from "@tanstack/react-query";
import { data, platform } from "./client";
import type { components } from "./schema/platform-api";

type Schemas = components["schemas"];

export type Workflow = Schemas["WorkflowItemWithData"];
export type WorkflowDetail = Schemas["WorkflowDetail"];
export type NewWorkflow = Schemas["NewWorkflow"];
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

const SHOWN = 200;

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: async () => {
    const query = { limit: SHOWN, include: "true" as const };
    return (await data(platform.GET("/api/workflows", { params: { query } }))).data as Workflow[];
  },
  staleTime: 60_000,
});

export const workflowQuery = (name: string) =>
  queryOptions({
    queryKey: ["workflows", name],
    queryFn: async () => (await data(platform.GET("/api/workflows/{name}", { params: { path: { name } } }))).data,
    staleTime: 60_000,
  });

export const collectionsQuery = queryOptions({
  queryKey: ["collections"],
  queryFn: async () => (await data(platform.GET("/api/collections", { params: { query: { limit: SHOWN } } }))).data,
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

export async function saveWorkflow(workflow: NewWorkflow, key: string): Promise<string> {
  const params = { header: { "Idempotency-Key": key } };
  return (await data(platform.POST("/api/workflows", { params, body: workflow }))).data.name;
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
