/** The LoRAs that connected workers can apply. */
import { queryOptions } from "@tanstack/react-query";
import { allPages } from "./allPages";
import { data, platform } from "./client";

const PREFIX = "lora:";

export interface OfferedLora {
  name: string;
  jobTypes: readonly string[];
}

export const lorasQuery = queryOptions({
  queryKey: ["loras"],
  queryFn: async (): Promise<OfferedLora[]> => {
    const models = await allPages((query) => data(platform.GET("/api/models", { params: { query } })));
    return models
      .filter(({ name, available }) => available && name.startsWith(PREFIX))
      .map(({ name, job_types }) => ({ name: name.slice(PREFIX.length), jobTypes: job_types }));
  },
  staleTime: 60_000,
});
