/** Saves pictures: one as its own file, several as ZIP files. */
import { useMutation } from "@tanstack/react-query";
import { data, platform, sameOrigin } from "~/api/client";
import { asProblem, Problem } from "~/api/problem";
import type { Asset } from "~/api/types";
import { useText } from "~/i18n";
import { useNotices } from "~/parts/Notices";

/** Pictures in one ZIP file; the API takes no more. */
const IN_ONE = 200;
const KEPT_MS = 60_000;

export function useDownload(): { download: (assets: readonly Asset[]) => void; isPending: boolean } {
  const t = useText();
  const { toast } = useNotices();
  const { mutate, isPending } = useMutation({
    mutationFn: async (ids: string[]) => {
      for (let start = 0; start < ids.length; start += IN_ONE)
        saveBlob(await archive(ids.slice(start, start + IN_ONE)));
    },
    onError: (error) => toast({ text: asProblem(error).message || t.shared.notReached }),
  });
  return {
    download: (assets) => {
      const [first, second] = assets;
      if (first && second === undefined) save(sameOrigin(first.url), "");
      else if (first && !isPending) mutate(assets.map(({ id }) => id));
    },
    isPending,
  };
}

async function archive(ids: string[]): Promise<Blob> {
  const request = (some: string[]) =>
    data(platform.POST("/api/assets/archive", { body: { ids: some }, parseAs: "blob" }));
  try {
    return (await request(ids)) as Blob;
  } catch (error) {
    // Pictures that were deleted elsewhere since they were chosen.
    const missing: unknown = error instanceof Problem ? error.body["missing"] : null;
    const left = Array.isArray(missing) ? ids.filter((id) => !missing.includes(id)) : [];
    if (left.length === 0) throw error;
    return (await request(left)) as Blob;
  }
}

function saveBlob(blob: Blob): void {
  const url = URL.createObjectURL(blob);
  save(url, `darkroom-${new Date().toISOString().slice(0, 10)}.zip`);
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
