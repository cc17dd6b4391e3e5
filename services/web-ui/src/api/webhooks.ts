/** Webhook endpoints of all users and their deliveries, at webhook-dispatcher. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { data, newIdempotencyKey } from "./client";
import { webhookDispatcher } from "./operator";
import type { components } from "./schema/webhook-dispatcher";

type Schemas = components["schemas"];
export type WatchedEndpoint = Schemas["WatchedView"];
export type Delivery = Schemas["DeliveryRecord"];
export type Attempt = Schemas["AttemptRecord"];
export type DeliveryStatus = "pending" | "delivered" | "failed" | "missed";
export const DELIVERY_STATUSES: readonly DeliveryStatus[] = ["pending", "delivered", "failed", "missed"];

/** The tenant whose endpoints are those of the operator. */
export const SYSTEM = "system";
const AGAIN_MS = 5000;

/** An endpoint, and the user for whom the operator acts. */
export interface Place {
  tenant: string;
  id: string;
}

const paramsOf = ({ tenant, id }: Place) => ({ path: { webhook_id: id }, header: userOf(tenant) });
const userOf = (tenant: string) => ({ "x-user-id": tenant === SYSTEM ? null : tenant });
const oncePerCall = () => ({ "Idempotency-Key": newIdempotencyKey() });

export const backlogQuery = queryOptions({
  queryKey: ["webhooks", "backlog"],
  queryFn: async () => data((await webhookDispatcher()).GET("/api/operator/backlog")),
  refetchInterval: AGAIN_MS,
  refetchIntervalInBackground: false,
  staleTime: 0,
});

export const endpointsQuery = (state: string, tenant: string) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "list", state, tenant],
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: 100,
        ...(state === "failing" || state === "disabled" ? { state: state as "failing" } : {}),
        ...(tenant ? { tenant } : {}),
        ...(pageParam ? { before: pageParam } : {}),
      };
      return await data((await webhookDispatcher()).GET("/api/operator/webhooks", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: ({ cursor }) => cursor,
    staleTime: 0,
  });

export const endpointQuery = (place: Place) =>
  queryOptions({
    queryKey: ["webhooks", "endpoint", place.id],
    queryFn: async () =>
      data((await webhookDispatcher()).GET("/api/webhooks/{webhook_id}", { params: paramsOf(place) })),
    staleTime: 0,
  });

export const statsQuery = (place: Place) =>
  queryOptions({
    queryKey: ["webhooks", "stats", place.id],
    queryFn: async () =>
      data((await webhookDispatcher()).GET("/api/webhooks/{webhook_id}/stats", { params: paramsOf(place) })),
    refetchInterval: AGAIN_MS,
    refetchIntervalInBackground: false,
    staleTime: 0,
  });

export const deliveriesQuery = (place: Place, status: string, eventType: string) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", place.id, status, eventType],
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: 50,
        ...(status ? { status: status as DeliveryStatus } : {}),
        ...(eventType ? { event_type: eventType } : {}),
        ...(pageParam ? { before: pageParam } : {}),
      };
      const params = { ...paramsOf(place), query };
      return await data((await webhookDispatcher()).GET("/api/webhooks/{webhook_id}/deliveries", { params }));
    },
    initialPageParam: 0,
    getNextPageParam: ({ cursor }) => cursor,
    // Longer lists stand still: they are being read.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) > 1 ? false : AGAIN_MS),
    refetchIntervalInBackground: false,
    staleTime: 0,
  });

export const attemptsQuery = (place: Place, delivery: Delivery) =>
  queryOptions({
    queryKey: ["webhooks", "attempts", place.id, delivery.id, delivery.attempts],
    queryFn: async () => {
      const { path, header } = paramsOf(place);
      const params = { path: { ...path, delivery_id: delivery.id }, header };
      const client = await webhookDispatcher();
      const page = await data(client.GET("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/attempts", { params }));
      return page.attempts;
    },
    staleTime: Infinity,
  });

export async function setActive(place: Place, active: boolean) {
  const params = paramsOf(place);
  return await data((await webhookDispatcher()).PUT("/api/webhooks/{webhook_id}", { params, body: { active } }));
}

export async function sendTest(place: Place) {
  const { path, header } = paramsOf(place);
  const params = { path, header: { ...header, ...oncePerCall() } };
  return await data((await webhookDispatcher()).POST("/api/webhooks/{webhook_id}/test", { params }));
}

export async function rotateSecret(place: Place) {
  const { path, header } = paramsOf(place);
  const params = { path, header: { ...header, ...oncePerCall() } };
  return await data((await webhookDispatcher()).POST("/api/webhooks/{webhook_id}/rotate", { params }));
}

export async function replayAll(place: Place, what: "failed" | "missed") {
  const { path, header } = paramsOf(place);
  const params = { path, header: { ...header, ...oncePerCall() } };
  return await data((await webhookDispatcher()).POST("/api/webhooks/{webhook_id}/replay", { params, body: { what } }));
}

export async function replayOne(place: Place, deliveryId: number) {
  const { path, header } = paramsOf(place);
  const params = { path: { ...path, delivery_id: deliveryId }, header: { ...header, ...oncePerCall() } };
  const client = await webhookDispatcher();
  return await data(client.POST("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", { params }));
}
