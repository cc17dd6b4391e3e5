/** Users, as operators see and change them. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { data, platform } from "./client";
import type { components } from "./schema/platform-api";

export type AdminUser = components["schemas"]["AdminUser"];

export const usersQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ["admin-users", search],
    queryFn: ({ pageParam }) => {
      const query = { limit: 50, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return data(platform.GET("/api/admin/users", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: ({ cursor }) => cursor,
    staleTime: 0,
  });

/** A grant. `amount` is in credits, negative to deduct. */
export interface Grant {
  user: AdminUser;
  amount: number;
  note: string;
}

export function grantCredits({ user, amount, note }: Grant, key: string) {
  const params = { path: { user_id: user.id }, header: { "Idempotency-Key": key } };
  return data(platform.POST("/api/admin/users/{user_id}/credits", { params, body: { amount, note } }));
}

const JSON_TYPE = { "Content-Type": "application/json" };
const of = (user: AdminUser) => ({ params: { path: { user_id: user.id } }, headers: JSON_TYPE });

export const blockUser = (user: AdminUser) => data(platform.POST("/api/admin/users/{user_id}/block", of(user)));
export const unblockUser = (user: AdminUser) => data(platform.POST("/api/admin/users/{user_id}/unblock", of(user)));
export const revokeUserKeys = (user: AdminUser) =>
  data(platform.POST("/api/admin/users/{user_id}/revoke-keys", of(user)));
